// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "raft/core_implementation.hpp"

/// What is owed after an input, in the order in which one thing may enable the next; and what
/// others may see.
namespace raft {

ready core::implementation::take_ready() {
  ready out;
  append_queued_proposals();
  begin_persist(out);
  begin_install(out);
  begin_read_round();
  begin_question();
  replicate();
  begin_snapshots(out);
  begin_apply(out);
  begin_log_read(out);
  begin_compact(out);
  begin_repair(out);
  hand_over_messages(out);
  if (std::exchange(owes_outvoted, false))
    out.outvoted = outvoted;
  out.events = std::exchange(events, {});
  out.proposals = std::exchange(proposal_answers, {});
  out.reads = std::exchange(read_answers, {});
  return out;
}

core_status core::implementation::status() const {
  core_status now;
  now.role = static_cast<role_name>(role.index());
  now.current_term = current_term;
  now.voted_for = voted_for;
  now.leader = leader_id();
  now.first_index = log.first_index();
  now.last_index = log.last().index;
  now.durable_index = log.durable_index();
  now.commit_index = commit_index;
  now.durable_commit_index = durable_state.commit_index;
  now.last_applied = last_applied;
  now.membership = members();
  now.departing = departing();
  now.proposals_in_flight = proposals.in_flight() + forwarded.in_flight();
  now.proposal_bytes_in_flight = proposals.bytes_in_flight() + forwarded.bytes_in_flight();
  now.reads_waiting = reads.size();
  now.is_installing = install.has_value();
  now.state_is_lost = state_is_lost;
  if (const auto* newest = digests.newest())
    now.digest = *newest;
  now.outvoted = outvoted;
  for (const auto& run : damaged)
    now.entries_damaged += run.last - run.first + 1;
  if (!damaged.empty())
    now.first_damaged = damaged.front().first;
  now.is_beyond_repair =
      !without_copy.empty() && std::ranges::includes(without_copy, other_members());
  const auto* leading = std::get_if<roles::leader>(&role);
  if (leading == nullptr)
    return now;
  now.digests_agreed = leading->digests_agreed;
  now.digests_alarm = leading->digests_alarm;
  if (leading->handing_over)
    now.transfer_to = leading->handing_over->to;
  for (const auto& [id, peer] : leading->peers)
    now.peers.push_back(status_of(id, peer));
  return now;
}

peer_status core::implementation::status_of(server_id id, const progress& peer) const {
  peer_status now;
  now.id = id;
  now.incarnation = peer.incarnation;
  now.is_voter = members().is_voter(server_life{id, peer.incarnation});
  now.match_index = peer.match_index();
  now.next_index = peer.next_index();
  now.lag = log.last().index - peer.match_index();
  now.mode = peer.current_mode();
  now.snapshot = peer.snapshot_state();
  now.is_reachable = is_reachable(peer);
  now.contact_age_ticks = peer.silent_ticks;
  return now;
}

} // namespace raft
