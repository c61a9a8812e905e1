// SPDX-License-Identifier: Apache-2.0
// What the recorder hears of entries and of peers, beside the messages that carry them.
#include "actors/raft_actor_state.hpp"

namespace actors {

namespace {

/// Calls `told(trace, index)` for whatever in a message belongs to somebody's request.
template <class Told>
void for_each_trace(const raft::message& body, Told told) {
  if (auto* append = std::get_if<raft::append_entries>(&body))
    for (const auto& entry : append->entries)
      told(entry.trace, entry.id.index.value);
  else if (auto* forward = std::get_if<raft::forward_proposal>(&body))
    told(forward->trace, std::uint64_t{0});
}

const std::type_info& type_of_rpc(const raft::message& body) {
  return std::visit([](const auto& what) -> const std::type_info& { return typeid(what); }, body);
}

std::string name_of_peer(raft::server_id who) {
  return "node " + std::to_string(who.value);
}

} // namespace

void raft_actor::trace_peer(trace::event_kind kind, const char* step, raft::server_id peer,
                            const raft::message& body) const {
  if (!tracer().is_on())
    return;
  auto who = name_of_peer(peer);
  tracer().note_rpc(kind, type_of_rpc(body), who);
  auto steps = tracer().steps(step, who);
  for_each_trace(body, steps);
}

} // namespace actors
