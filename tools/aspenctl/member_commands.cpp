// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "tools/aspenctl/cluster_answer.hpp"
#include "tools/aspenctl/commands.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

std::string role_of(const ordered_json& member, const ordered_json& leader) {
  if (!member.value("voter", ordered_json(true)).get<bool>())
    return "learner";
  return leader.is_object()
                 && leader.value("id", ordered_json()) == member.value("id", ordered_json(0))
             ? "leader"
             : "follower";
}

/// Only the leader knows how far others are; whoever was asked instead says nothing about it.
void say_where_more_is_known(const ordered_json& body) {
  auto leader = body.value("leader", ordered_json());
  if (body.value("state", ordered_json()) == "leader")
    return;
  if (!leader.is_object())
    std::fputs("aspenctl: no leader is known: match index and lag of others are not known\n",
               stderr);
  else
    std::fprintf(stderr,
                 "aspenctl: match index and lag are the leader's knowledge: ask node %s, at %s\n",
                 cell(leader, "id").c_str(), cell(leader, "http_addr").c_str());
}

} // namespace

outcome<void> member_list(const client& nodes, output_format format) {
  auto body = ask_cluster(nodes);
  if (!body)
    return tl::unexpected(std::move(body.error()));
  const auto& members = (*body)["members"];
  if (format == output_format::json) {
    print_json(members);
    return {};
  }
  auto leader = body->value("leader", ordered_json());
  text_table table(
      {"ID", "ROLE", "PEER ADDRESS", "HTTP ADDRESS", "MATCH INDEX", "LAG", "REACHABLE", "VERSION"});
  for (const auto& each : members)
    table.add({cell(each, "id"), role_of(each, leader), cell(each, "raft_addr"),
               cell(each, "http_addr"), cell(each, "match_index"), cell(each, "lag"),
               cell(each, "reachable"), cell(each, "version")});
  print(table.to_string());
  if (members.size() > 1)
    say_where_more_is_known(*body);
  return {};
}

} // namespace aspenctl
