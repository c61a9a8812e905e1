// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "tools/aspenctl/cluster_answer.hpp"
#include "tools/aspenctl/commands.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

std::string role_of(const ordered_json& member, const ordered_json& leader) {
  if (member.value("voter", ordered_json(true)) == false)
    return "learner";
  return leader.is_object()
                 && leader.value("id", ordered_json()) == member.value("id", ordered_json(0))
             ? "leader"
             : "follower";
}

/// Whoever was asked instead of the leader does not know how far others are.
void say_what_is_missing(const cluster_answer& said) {
  if (said.is_of_leader() || said.body["members"].size() < 2)
    return;
  std::fprintf(stderr,
               "aspenctl: %s does not lead, and the leader could not be asked: how far others are "
               "is not known\n",
               said.from.url().c_str());
}

} // namespace

outcome<void> member_list(const client& nodes, output_format format) {
  auto said = ask_cluster(nodes);
  if (!said)
    return tl::unexpected(std::move(said.error()));
  const auto& members = said->body["members"];
  if (format == output_format::json) {
    print_json(members);
    return {};
  }
  auto leader = said->body.value("leader", ordered_json());
  text_table table(
      {"ID", "ROLE", "PEER ADDRESS", "HTTP ADDRESS", "MATCH INDEX", "LAG", "REACHABLE", "VERSION"});
  for (const auto& each : members)
    table.add({cell(each, "id"), role_of(each, leader), cell(each, "raft_addr"),
               cell(each, "http_addr"), cell(each, "match_index"), cell(each, "lag"),
               cell(each, "reachable"), cell(each, "version")});
  print(table.to_string());
  say_what_is_missing(*said);
  return {};
}

} // namespace aspenctl
