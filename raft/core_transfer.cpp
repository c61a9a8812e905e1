// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "raft/core_implementation.hpp"
#include "raft/planted_bug.hpp"

/// Handing leadership over (thesis 3.10): the leader takes nothing new, brings the target up
/// to the end of its log and tells it to campaign at once. Bounded by an election timeout.
namespace raft {

// The reachable voter that holds most of the log; zero: there is none.
server_id core::implementation::best_successor() const {
  const auto& self = std::get<roles::leader>(role);
  server_id best;
  log_index best_match;
  for (const auto& each : members().voters) {
    const auto* peer = each.is(this->self()) ? nullptr : peer_of(self, each);
    if (peer == nullptr || !is_reachable(*peer)
        || peer->snapshot_state() != progress::snapshot::none)
      continue;
    if (best == server_id{} || peer->match_index() > best_match) {
      best = each.id;
      best_match = peer->match_index();
    }
  }
  return best;
}

transfer_outcome core::implementation::transfer_leadership(server_id to) {
  using why = transfer_refusal;
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr)
    return transfer_refused{why::not_leader, leader_id()};
  if (self->handing_over)
    return transfer_refused{why::in_progress, config.self};
  auto is_target = [&](const member& each) { return each.id == to && each.id != config.self; };
  const auto& voters = members().voters;
  bool has_target =
      to == server_id{} ? voters.size() > 1 : std::any_of(voters.begin(), voters.end(), is_target);
  if (!has_target)
    return transfer_refused{why::no_voter, config.self};
  if (to == server_id{})
    to = best_successor();
  auto found = self->peers.find(to);
  if (found == self->peers.end() || found->second.is_fenced() || !is_reachable(found->second))
    return transfer_refused{why::unreachable, config.self};
  self->handing_over = roles::leader::transfer{to, 0};
  self->gave_up_lease = !ASPEN_PLANTED(lease_over_transfer);
  advance_transfer();
  return accepted{};
}

// Tells the target to take over once it holds everything; again with every heartbeat, as
// the word may be lost.
void core::implementation::advance_transfer() {
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr || !self->handing_over || proposals.has_queued())
    return;
  auto target = self->peers.find(self->handing_over->to);
  bool is_ready = target != self->peers.end() && target->second.match_index() == log.last().index;
  if (!is_ready || self->handing_over->is_told)
    return;
  self->handing_over->is_told = true;
  send(target->first, timeout_now{current_term});
}

void core::implementation::tick_transfer(roles::leader& self) {
  if (!self.handing_over)
    return;
  bool is_over = ++self.handing_over->elapsed_ticks >= config.election_timeout_ticks_max
                 || !members().is_voter(self.handing_over->to);
  if (is_over) {
    self.handing_over.reset();
    emit(event::kind::transfer_abandoned, log.last().index);
    return;
  }
  if (self.heartbeat_elapsed_ticks == 0)
    self.handing_over->is_told = false;
  advance_transfer();
}

// For a leader that stops leading now: whoever has most may campaign without waiting.
void core::implementation::hand_over_at_once() {
  if (auto to = best_successor(); to != server_id{})
    send(to, timeout_now{current_term});
}

void core::implementation::handle_timeout_now(server_id from) {
  const auto* self = std::get_if<roles::follower>(&role);
  if (self != nullptr && self->leader_id == from && may_campaign())
    become_candidate(true);
}

} // namespace raft
