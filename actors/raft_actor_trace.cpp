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

/// What the sender says is so, or durable (trace/event.hpp).
std::uint64_t vouched_for_by(const raft::message& body) {
  if (auto* append = std::get_if<raft::append_entries>(&body))
    return append->leader_commit.value;
  if (auto* reply = std::get_if<raft::append_entries_reply>(&body)) {
    auto* accepted = std::get_if<raft::append_accepted>(&reply->outcome);
    return accepted ? accepted->match_index.value : 0;
  }
  if (auto* asked = std::get_if<raft::request_vote>(&body))
    return asked->is_pre_vote ? 0 : 1;
  auto* vote = std::get_if<raft::request_vote_reply>(&body);
  return vote && vote->is_granted && !vote->is_pre_vote ? 1 : 0;
}

void add_ids(std::string& text, const std::vector<raft::member>& some) {
  for (std::size_t i = 0; i < some.size(); ++i)
    text += (i == 0 ? "" : ",") + std::to_string(some[i].id.value);
}

/// "voters 1,2,3"; while two sets of them have to agree "voters 1,2,3+2,3,4".
std::string name_of_voters(const raft::membership& members) {
  std::string text = "voters ";
  add_ids(text, members.voters);
  if (members.is_joint()) {
    text += "+";
    add_ids(text, members.outgoing_voters);
  }
  return text;
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
  tracer().note_rpc(kind, type_of_rpc(body), who, vouched_for_by(body), raft::term_of(body).value);
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

void raft_actor::trace_core_began(const raft::hard_state& state) {
  voters_.clear();
  is_leading_ = false;
  if (tracer().is_on())
    tracer().note_with(trace::event_kind::raft, "core_began",
                       "cluster " + base::to_string(settings_.core.cluster_id),
                       state.commit_index.value, state.current_term.value);
}

/// Who votes stands beside each step of a leader's commit index, unless that changed between the
/// last thing that was published and this event.
void raft_actor::trace_event(const raft::event& event) {
  using kind = raft::event::kind;
  switch (event.what) {
  case kind::became_leader: is_leading_ = true; break;
  case kind::became_follower:
  case kind::became_pre_candidate:
  case kind::became_candidate:
  case kind::became_learner: is_leading_ = false; break;
  case kind::membership_changed:
  case kind::entries_truncated:
  case kind::snapshot_installed: voters_.clear(); break;
  default: break;
  }
  bool is_leaders_commit = event.what == kind::commit_advanced && is_leading_;
  tracer().note_with(trace::event_kind::raft, raft::to_string(event.what),
                     is_leaders_commit ? std::string_view(voters_) : std::string_view(),
                     event.index.value, event.term.value);
}

void raft_actor::learn_voters() {
  if (voters_.empty() && tracer().is_on())
    voters_ = name_of_voters(status_.core.membership);
}

} // namespace actors
