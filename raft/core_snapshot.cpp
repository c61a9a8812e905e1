// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"

/// Snapshots between servers (thesis 5; two stores, one truth: rules 13-19). The bytes travel
/// elsewhere; here it is decided who needs one, when it may be installed, and what that does
/// to log, commit index and membership, in one step.
namespace raft {

// -- the leader's side ----------------------------------------------------------------

void core::implementation::begin_snapshots(ready& out) {
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr || state_is_lost)
    return;
  for (auto& [id, peer] : self->peers) {
    bool is_due = peer.snapshot_state() == progress::snapshot::wanted && peer.snapshot_ticks == 0
                  && is_reachable(peer) && !peer.is_fenced();
    if (!is_due)
      continue;
    peer.snapshot_begun();
    out.snapshots_to_send.push_back({id, peer.incarnation, log.snapshot().id.index});
  }
}

void core::implementation::snapshot_sent(server_id to, const entry_id& point) {
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr)
    return;
  if (auto peer = self->peers.find(to); peer != self->peers.end())
    peer->second.snapshot_sent(std::min(point.index, log.last().index), self->sent_count);
}

void core::implementation::snapshot_failed(server_id to) {
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr)
    return;
  if (auto peer = self->peers.find(to); peer != self->peers.end())
    peer->second.snapshot_failed(config.election_timeout_ticks_min);
}

// What a peer is about to follow is kept, for a while (rule 14).
bool core::implementation::is_log_pinned() const {
  const auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr || bytes_since_compaction > bounds::pinned_bytes_max
      || last_applied > log.snapshot().id.index + bounds::pinned_entries_max)
    return false;
  return std::any_of(self->peers.begin(), self->peers.end(), [this](const auto& each) {
    return each.second.pins_log() && each.second.snapshot_ticks < config.snapshot_pin_ticks_max;
  });
}

// -- the receiver's side --------------------------------------------------------------

bool core::implementation::snapshot_received(snapshot_point point) {
  auto lowest = state_is_lost ? log.snapshot().id.index : commit_index.next();
  if (is_leader() || install || outvoted || is_damaged || is_sole_voter() || point.id.index < lowest
      || point.id.term > current_term)
    return false;
  install = std::move(point);
  if (!std::holds_alternative<roles::follower>(role)
      && !std::holds_alternative<roles::learner>(role))
    become_follower(current_term, {});
  return true;
}

// Nothing else may be under way, and memory and disk must agree about the log: what the
// store keeps of it is then what is kept here.
void core::implementation::begin_install(ready& out) {
  if (!install || is_damaged || is_installing || applying || reading || compacting || persisting
      || log.has_unpersisted() || version != durable_version)
    return;
  is_installing = true;
  out.install = install_request{*install};
}

void core::implementation::installed(const entry_id& point) {
  BASE_CHECK(is_installing && install && install->id == point,
             "INV-25: the install under way is the one that is done");
  is_installing = false;
  auto done = *std::exchange(install, std::nullopt);
  bool keeps_suffix = log.install(done);
  history.install({done.id.index, done.membership}, keeps_suffix);
  if (!keeps_suffix) {
    emit(event::kind::membership_changed, done.id.index);
    for (auto request : proposals.drop_from(done.id.index.next()))
      answer(proposal_dropped{request});
  }
  for (auto request : proposals.cover(done.id.index))
    answer(proposal_unknown{request});
  commit_index = std::max(commit_index, done.id.index);
  durable_state.commit_index = std::max(durable_state.commit_index, done.id.index);
  last_applied = done.id.index;
  checkpointed = std::max(checkpointed, done.id.index);
  fetched.clear();
  bytes_since_compaction = 0;
  state_is_lost = false;
  digests.clear();
  emit(event::kind::snapshot_installed, done.id.index);
  settle_forwarded();
  forwarded.applied(last_applied);
  confirm_applied_reads();
  settle();
}

void core::implementation::install_failed() {
  BASE_CHECK(is_installing, "INV-25: an install is under way");
  is_installing = false;
  install.reset();
  settle();
}

} // namespace raft
