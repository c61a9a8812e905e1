// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/cluster_answer.hpp"

#include <algorithm>
#include <optional>

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

bool has_members(const ordered_json& body) {
  auto members = body.find("members");
  return members != body.end() && members->is_array()
         && std::all_of(members->begin(), members->end(),
                        [](const ordered_json& each) { return each.is_object(); });
}

outcome<cluster_answer> ask_node(const client& nodes, const endpoint& where) {
  call what{"GET", "/v1/cluster", {}};
  auto got = nodes.ask_once(where, what);
  if (auto* none = std::get_if<silence>(&got))
    return fail(exit_status::unavailable, where.url() + ": " + none->why);
  const auto& said = std::get<answer>(got);
  if (!said.is_success())
    return tl::unexpected(failure_of(said, what));
  auto body = object_of(said);
  if (!body)
    return tl::unexpected(std::move(body.error()));
  if (!has_members(*body))
    return fail(exit_status::failed,
                where.url() + ": the answer names no members: no node of Aspen answers there");
  return cluster_answer{where, std::move(*body)};
}

/// Where the leader serves, as `said` names it.
std::optional<endpoint> leader_named_in(const cluster_answer& said) {
  auto leader = said.body.find("leader");
  if (leader == said.body.end() || !leader->is_object())
    return std::nullopt;
  auto address = leader->value("http_addr", ordered_json());
  if (!address.is_string())
    return std::nullopt;
  auto where = parse_endpoint(address.get<std::string>());
  return where ? std::optional<endpoint>(*where) : std::nullopt;
}

} // namespace

outcome<cluster_answer> ask_cluster(const client& nodes) {
  std::optional<cluster_answer> first;
  std::optional<failure> why;
  for (const auto& where : nodes.endpoints()) {
    auto said = ask_node(nodes, where);
    if (said && said->is_of_leader())
      return said;
    if (said && !first)
      first = std::move(*said);
    else if (!said && !why)
      why = std::move(said.error());
    else if (!said)
      why->text += "; " + said.error().text;
  }
  if (!first)
    return tl::unexpected(std::move(*why));
  if (auto where = leader_named_in(*first))
    if (auto said = ask_node(nodes, *where); said && said->is_of_leader())
      return said;
  return std::move(*first);
}

outcome<client> find_leader(const client& nodes) {
  auto said = ask_cluster(nodes);
  if (!said)
    return tl::unexpected(std::move(said.error()));
  if (said->is_of_leader())
    return nodes.with(said->from);
  auto named = leader_named_in(*said);
  return fail(exit_status::unavailable,
              said->from.url()
                  + (named ? ": the leader, " + named->url() + ", cannot be asked"
                           : ": no leader is known"));
}

} // namespace aspenctl
