// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"

/// The leader's side: sending entries (thesis 3.5), committing (3.6.2), and giving up
/// when no quorum answers (6.2).
namespace raft {

void core::implementation::tick_leader() {
  auto& self = std::get<roles::leader>(role);
  if (++self.heartbeat_elapsed_ticks >= config.heartbeat_ticks) {
    self.heartbeat_elapsed_ticks = 0;
    for (auto& [id, peer] : self.peers) {
      peer.owes_message = true;
      peer.heartbeat_passed();
    }
  }
  for (auto& [id, peer] : self.peers)
    ++peer.silent_ticks;
  if (++self.quorum_elapsed_ticks >= config.election_timeout_ticks_min) {
    self.quorum_elapsed_ticks = 0;
    check_quorum(self);
  }
}

void core::implementation::check_quorum(roles::leader& self) {
  bool has_quorum = is_quorum(members(), [&](const member& each) {
    const auto* peer = peer_of(self, each);
    return each.is(this->self()) || (peer && peer->is_active);
  });
  for (auto& [id, peer] : self.peers)
    peer.is_active = false;
  if (!has_quorum)
    become_follower(current_term, {});
}

// The peers are exactly the other members of the newest configuration.
void core::implementation::reconcile_peers(roles::leader& self) {
  for (const auto* set : {&members().voters, &members().outgoing_voters, &members().learners})
    for (const auto& each : *set)
      if (each.id != config.self)
        self.peers.try_emplace(each.id, log.last().index.next()).first->second.incarnation =
            members().find(each.id)->incarnation;
}

const progress* core::implementation::peer_of(const roles::leader& self, const member& who) {
  auto found = self.peers.find(who.id);
  return found == self.peers.end() || found->second.incarnation != who.incarnation ? nullptr
                                                                                   : &found->second;
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
    send_entries(self, id, peer, {previous, *previous_term}, *chain, {});
  else
    send_entries(self, id, peer, log.snapshot().id, log.snapshot().chain, {});
}

void core::implementation::handle_append_entries_reply(const server_life& from,
                                                       const append_entries_reply& reply) {
  auto* self = std::get_if<roles::leader>(&role);
  const auto* known = members().find(from.id);
  if (self == nullptr || known == nullptr || !known->is(from) || !self->peers.contains(from.id))
    return;
  auto& peer = self->peers.at(from.id);
  peer.is_active = true;
  peer.silent_ticks = 0;
  if (reply.read_round <= self->read_round)
    peer.confirmed_round = std::max(peer.confirmed_round, reply.read_round);
  if (const auto* accepted_up_to = std::get_if<append_accepted>(&reply.outcome)) {
    // Nobody can hold more of our log than there is.
    if (accepted_up_to->match_index <= log.last().index
        && peer.accepted(accepted_up_to->match_index)) {
      commit_by_quorum();
      peer.owes_message = peer.owes_message || peer.should_hear_of(commit_index);
    }
  } else if (const auto* conflict = std::get_if<append_conflict>(&reply.outcome)) {
    auto meeting = log.last_with_term_at_most(conflict->hint.index, conflict->hint.term);
    peer.rejected(conflict->rejected, meeting.index);
  } else if (const auto* diverged = std::get_if<append_diverged>(&reply.outcome)) {
    if (peer.current_mode() != progress::mode::fenced)
      emit(event::kind::peer_diverged, diverged->at.index);
    peer.fence();
  }
  finish_read_round();
}

// Thesis 3.6.2: only an entry of the leader's own term is committed by counting; what
// stands before it is committed with it (INV-13).
void core::implementation::commit_by_quorum() {
  const auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr)
    return;
  auto agreed = agreed_index(members(), [&](const member& each) {
    if (each.is(this->self()))
      return log.durable_index();
    const auto* peer = peer_of(*self, each);
    return peer ? peer->match_index() : log_index{};
  });
  if (agreed > commit_index && log.term_at(agreed) == current_term)
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
