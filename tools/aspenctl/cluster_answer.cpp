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

outcome<ordered_json> ask_node(const client& nodes, const endpoint& where) {
  call what{"GET", "/v1/cluster", {}};
  auto got = nodes.ask_once(where, what);
  if (auto* none = std::get_if<silence>(&got))
    return fail(exit_status::unavailable, where.url() + ": " + none->why);
  const auto& said = std::get<answer>(got);
  if (!said.is_success())
    return tl::unexpected(failure_of(said, what));
  auto body = object_of(said);
  if (body && !has_members(*body))
    return fail(exit_status::failed,
                where.url() + ": the answer names no members: no node of Aspen answers there");
  return body;
}

} // namespace

outcome<ordered_json> ask_cluster(const client& nodes) {
  std::optional<ordered_json> first;
  std::optional<failure> why;
  for (const auto& where : nodes.endpoints()) {
    auto body = ask_node(nodes, where);
    if (body && body->value("state", ordered_json()) == "leader")
      return body;
    if (body && !first)
      first = std::move(*body);
    else if (!body && !why)
      why = std::move(body.error());
    else if (!body)
      why->text += "; " + body.error().text;
  }
  if (first)
    return std::move(*first);
  return tl::unexpected(std::move(*why));
}

} // namespace aspenctl
