// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/membership_commands.hpp"

#include "tools/aspenctl/cluster_answer.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

/// Sends a change to the leader, which alone makes it, and prints what became of it: the node's answer, or `done` for a person.
outcome<void> change(const client& nodes, output_format format, const call& what,
                     const std::string& done) {
  auto leader = find_leader(nodes);
  if (!leader)
    return tl::unexpected(std::move(leader.error()));
  auto body = leader->ask_for_object(what);
  if (!body)
    return tl::unexpected(std::move(body.error()));
  if (format == output_format::json)
    print_json(*body);
  else
    print(done + "\n");
  return {};
}

std::string path_of(std::uint64_t id) {
  return "/v1/cluster/members/" + std::to_string(id);
}

} // namespace

outcome<void> member_add(const client& nodes, output_format format, const std::string& id,
                         const std::string& raft_addr) {
  auto number = parse_server_id(id);
  if (!number)
    return tl::unexpected(std::move(number.error()));
  auto address = parse_endpoint(raft_addr);
  if (!address || raft_addr.find("://") != std::string::npos)
    return fail(exit_status::usage, "'" + raft_addr + "' is no peer address; expected host:port");
  ordered_json body{{"id", *number}, {"raft_addr", raft_addr}};
  return change(nodes, format, {"POST", "/v1/cluster/members", body.dump(), "application/json"},
                "member " + std::to_string(*number) + " added as a learner");
}

outcome<void> member_promote(const client& nodes, output_format format, const std::string& id) {
  auto number = parse_server_id(id);
  if (!number)
    return tl::unexpected(std::move(number.error()));
  return change(nodes, format, {"POST", path_of(*number) + "/promote", {}},
                "member " + std::to_string(*number) + " votes now");
}

outcome<void> member_remove(const client& nodes, output_format format, const std::string& id) {
  auto number = parse_server_id(id);
  if (!number)
    return tl::unexpected(std::move(number.error()));
  return change(nodes, format, {"DELETE", path_of(*number), {}},
                "member " + std::to_string(*number) + " removed");
}

outcome<void> move_leader(const client& nodes, output_format format, const std::string& id) {
  auto number = parse_server_id(id);
  if (!number)
    return tl::unexpected(std::move(number.error()));
  ordered_json body{{"to", *number}};
  return change(nodes, format,
                {"POST", "/v1/cluster/transfer-leader", body.dump(), "application/json"},
                "member " + std::to_string(*number) + " is to lead");
}

} // namespace aspenctl
