// SPDX-License-Identifier: Apache-2.0
// What the recorder hears of entries and of peers, beside the messages that carry them; and what
// others may see of the actor.
#include "actors/raft_actor_state.hpp"
#include "raft/format.hpp"

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

void raft_actor::describe_state(figure_list& out) const {
  const auto& core = status_.core;
  out.add_text("role", raft::to_string(core.role).data());
  out.add("term", core.current_term.value);
  out.add("leader", core.leader.value);
  out.add("last_index", core.last_index.value);
  out.add("durable_index", core.durable_index.value);
  out.add("commit_index", core.commit_index.value);
  out.add("last_applied", core.last_applied.value);
  out.add("proposals_in_flight", core.proposals_in_flight);
  out.add("reads_waiting", core.reads_waiting);
  out.add("replies_after_persist", after_persist_.size());
  out.add("proposals_committed", status_.proposals_committed);
  out.add("proposals_failed", status_.proposals_failed);
  out.add("elections", status_.elections);
  out.add("leader_changes", status_.leader_changes);
  out.add_text("waits_for", !stuck_ ? "nothing" : is_log_stuck_ ? "log" : "state machine");
  out.add("generation", life_);
}

} // namespace actors
