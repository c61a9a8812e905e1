// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"
#include "raft/planted_bug.hpp"

/// The leader's side: sending entries (thesis 3.5), committing (3.6.2), and giving up
/// when no quorum answers (6.2).
namespace raft {

void core::implementation::tick_leader() {
  auto& self = std::get<roles::leader>(role);
  ++self.ticks;
  tick_lease(self);
  if (++self.heartbeat_elapsed_ticks >= config.heartbeat_ticks) {
    self.heartbeat_elapsed_ticks = 0;
    for (auto& [id, peer] : self.peers) {
      peer.owes_message = true;
      peer.heartbeat_passed();
    }
  }
  for (auto& [id, peer] : self.peers)
    peer.tick();
  tick_transfer(self);
  if (state_is_lost && has_own_commit(self))
    transfer_leadership({});
  if (++self.quorum_elapsed_ticks >= config.election_timeout_ticks_min) {
    self.quorum_elapsed_ticks = 0;
    name_lives();
    check_quorum(self);
    review_digests();
  }
}

// deviates: thesis 6.2 counts whoever answers. A follower whose disk hangs, or that large messages
// do not reach, answers heartbeats for ever: its leader would stay, commit nothing, and keep out
// whoever could lead a majority in good order. It stays where it knows that there is none: a
// successor would need those same disks for its votes, and reads go on meanwhile.
void core::implementation::check_quorum(roles::leader& self) {
  auto is_quorum_of = [&](auto&& counts) {
    return is_quorum(members(), [&](const member& each) {
      return each.is(this->self()) || counts(peer_of(self, each));
    });
  };
  auto checks_max = config.snapshot_pin_ticks_max / config.election_timeout_ticks_min;
  auto takes_nothing = [checks_max](const progress& peer) {
    return peer.is_active && peer.takes_nothing(checks_max);
  };
  bool has_quorum = is_quorum_of([](const progress* peer) { return peer && peer->is_active; });
  bool has_takers = is_quorum_of(
      [&](const progress* peer) { return peer && peer->is_active && !takes_nothing(*peer); });
  bool others_may_be_well =
      is_quorum_of([&](const progress* peer) { return !peer || !takes_nothing(*peer); });
  for (auto& [id, peer] : self.peers)
    peer.quorum_checked(log.last().index);
  bool stays = has_quorum && (has_takers || !others_may_be_well);
  if (!stays && !ASPEN_PLANTED(no_quorum_check))
    become_follower(current_term, {});
}

void core::implementation::replicate() {
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr)
    return;
  for (auto& [id, peer] : self->peers)
    replicate_to(*self, id, peer);
}

void core::implementation::replicate_to(roles::leader& self, server_id id, progress& peer) {
  while (peer.may_send() && peer.next_index() <= log.last().index) {
    auto previous = peer.next_index().previous();
    auto previous_term = log.term_at(previous);
    if (!previous_term) {
      peer.found_compacted();
      break;
    }
    auto chain = log.chain_at(previous);
    if (!chain || peer.next_index() < log.window_first()) {
      if (!reading || reading->peer != id)
        peers_to_read_for.insert(id);
      break;
    }
    send_entries(self, id, peer, {previous, *previous_term}, *chain,
                 log.copy(peer.next_index(), log.last().index, bounds::append_entries_max,
                          bounds::append_bytes_max));
  }
  if (peer.owes_message)
    send_heartbeat(self, id, peer);
}

void core::implementation::send_entries(roles::leader& self, server_id id, progress& peer,
                                        const entry_id& previous, const chain_hash& previous_chain,
                                        std::vector<entry> entries) {
  std::uint64_t bytes = 0;
  for (const auto& each : entries)
    bytes += each.payload.size();
  auto last = entries.empty() ? previous.index : entries.back().id.index;
  send(id, append_entries{current_term, previous, previous_chain, std::move(entries), commit_index,
                          self.read_round, ++self.sent_count});
  peer.sent(last, bytes, commit_index);
}

// Follows the newest position that the peer may hold and whose chain is in memory; a lost
// message shows itself by the refusal of what follows it.
void core::implementation::send_heartbeat(roles::leader& self, server_id id, progress& peer) {
  auto previous = peer.next_index().previous();
  auto previous_term = log.term_at(previous);
  auto chain = log.chain_at(previous);
  if (previous_term && chain)
    return send_entries(self, id, peer, {previous, *previous_term}, *chain, {});
  peer.lost_sight();
  send_entries(self, id, peer, log.snapshot().id, log.snapshot().chain, {});
}

// An answer counts for the life that gave it. While the configuration names none, it is the
// first that was heard.
bool core::implementation::takes_answer(const server_life& from, progress& peer) const {
  if (!peer.incarnation.is_nil())
    return peer.incarnation == from.incarnation;
  if (peer.heard_incarnation.is_nil())
    peer.heard_incarnation = from.incarnation;
  return peer.heard_incarnation == from.incarnation;
}

void core::implementation::handle_append_entries_reply(const server_life& from,
                                                       const append_entries_reply& reply) {
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr)
    return;
  auto found = self->peers.find(from.id);
  if (found == self->peers.end() || !takes_answer(from, found->second))
    return;
  auto& peer = found->second;
  peer.is_active = true;
  peer.silent_ticks = 0;
  extend_lease(*self, peer, reply.number);
  if (reply.read_round <= self->read_round)
    peer.confirmed_round = std::max(peer.confirmed_round, reply.read_round);
  if (const auto* accepted_up_to = std::get_if<append_accepted>(&reply.outcome)) {
    // Nobody can hold more of our log than there is.
    if (accepted_up_to->match_index <= log.last().index
        && peer.accepted(accepted_up_to->match_index)) {
      peer.match_number = self->sent_count;
      commit_by_quorum();
      peer.owes_message = peer.owes_message || peer.should_hear_of(commit_index);
    }
  } else {
    handle_conflict(peer, reply);
  }
  if (reply.state_machine_is_lost)
    peer.state_machine_lost(reply.number);
  else
    peer.state_is_whole(reply.number);
  advance_transfer();
  finish_read_round();
  if (reply.digest)
    take_digest(from.id, peer, *reply.digest);
}

void core::implementation::handle_conflict(progress& peer, const append_entries_reply& reply) {
  auto fence = [&](event::kind why, log_index at) {
    if (!peer.is_fenced())
      emit(why, at);
    peer.fence();
  };
  if (const auto* diverged = std::get_if<append_diverged>(&reply.outcome))
    return fence(event::kind::peer_diverged, diverged->at.index);
  const auto& conflict = std::get<append_conflict>(reply.outcome);
  // Asked after it had acknowledged `match_index`, its log ends before that: its disk went
  // back in time, and with it votes and acknowledgements (two stores, one truth: rule 18).
  if (reply.number > peer.match_number && conflict.last < peer.match_index())
    return fence(event::kind::peer_rolled_back, conflict.last);
  peer.conflict_number = std::max(peer.conflict_number, reply.number);
  auto meeting = log.last_with_term_at_most(conflict.hint.index, conflict.hint.term);
  peer.rejected(conflict.rejected, meeting.index);
}

// Thesis 3.6.2: only an entry of the leader's own term is committed by counting; what
// stands before it is committed with it (INV-13).
void core::implementation::commit_by_quorum() {
  const auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr)
    return;
  auto agreed = agreed_index(members(), [&](const member& each) {
    if (each.is(this->self()))
      return ASPEN_PLANTED(commit_from_memory) ? log.last().index : log.durable_index();
    const auto* peer = peer_of(*self, each);
    return peer ? peer->match_index() : log_index{};
  });
  if (ASPEN_PLANTED(commit_alone))
    agreed = log.durable_index();
  bool is_own = log.term_at(agreed) == current_term || ASPEN_PLANTED(commit_of_older_term);
  if (agreed > commit_index && is_own)
    commit_to(agreed);
}

void core::implementation::commit_to(log_index index) {
  BASE_CHECK(index >= commit_index && index <= log.last().index,
             "INV-03, INV-04: the commit index moves forward within the log");
  if (index == commit_index)
    return;
  auto* self = std::get_if<roles::leader>(&role);
  bool had_own_commit = self != nullptr && has_own_commit(*self);
  commit_index = index;
  emit(event::kind::commit_advanced, commit_index);
  history.forget_before(commit_index);
  proposals.committed(commit_index, [this](proposal_committed each) { answer(each); });
  settle_forwarded();
  if (self == nullptr)
    return;
  for (auto& [id, peer] : self->peers)
    peer.owes_message = peer.owes_message || peer.should_hear_of(commit_index);
  if (!had_own_commit && has_own_commit(*self))
    for (auto request : reads.take_before_own_commit())
      admit_read(request);
}

} // namespace raft
