// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/disk.hpp"

#include "base/check.hpp"
#include "storage/log_seed.hpp"

namespace sim {

disk::disk(const storage::identity& who, const raft::membership& founders)
  : log_(storage::genesis_seed(who, founders)), state_(raft::chain_seed(who.cluster_id)),
    checkpointed_(state_) {}

raft::entry disk::entry_at(raft::log_index index) const {
  auto found = log_.read(index, index, 1);
  BASE_CHECK(found && found->size() == 1, "the log holds an entry that is asked for");
  return found->front();
}

std::optional<raft::chain_hash> disk::chain_at(raft::log_index index) const {
  const auto& state = log_state();
  if (index == state.snapshot.id.index)
    return state.snapshot.chain;
  if (index == state.last.index)
    return state.last_chain;
  if (index < state.snapshot.id.index || index > state.last.index)
    return std::nullopt;
  return entry_at(index).chain;
}

bool disk::record_install(const key_values& snapshot) {
  if (log_state().pending)
    return false;
  raft::snapshot_point point{snapshot.last_applied(), snapshot.chain(), snapshot.membership()};
  if (!log_.set_pending_install({std::move(point), {}, "install"}))
    return false;
  received_ = snapshot;
  return true;
}

void disk::swap_in() {
  BASE_CHECK(log_state().pending && received_, "INV-82: the file of a pending install is there");
  state_ = *received_;
  checkpointed_ = state_;
  is_state_lost_ = false;
}

void disk::finish_install() {
  BASE_CHECK(log_.finish_pending_install(), "a log in memory is written");
  received_.reset();
}

void disk::drop_install() {
  BASE_CHECK(log_.drop_pending_install(), "a log in memory is written");
  received_.reset();
}

void disk::begin_checkpoint(raft::log_index index) {
  BASE_CHECK(log_.set_checkpoint_started(index), "a mark in memory is written");
}

void disk::complete_checkpoint(raft::log_index index) {
  BASE_CHECK(state_.last_applied().index == index,
             "INV-92: nothing is applied while a checkpoint runs");
  checkpointed_ = state_;
  pretend_checkpoint(index);
}

void disk::pretend_checkpoint(raft::log_index index) {
  BASE_CHECK(log_.set_checkpoint_completed(index), "a mark in memory is written");
}

void disk::lose_wal() {
  if (log_state().checkpoint_started != log_state().checkpoint_completed)
    lose_state();
  else if (!is_state_lost_)
    state_ = checkpointed_;
}

void disk::lose_state() {
  state_ = key_values(raft::chain_seed(log_state().identity.cluster_id));
  checkpointed_ = state_;
  is_state_lost_ = log_state().snapshot.id.index > raft::log_index{0};
  if (!is_state_lost_)
    BASE_CHECK(log_.reset_checkpoints(), "a log in memory is written");
}

effect disk::apply(const raft::entry& next) {
  return state_.apply(next);
}

void disk::check_one_story() const {
  const auto& log = log_state();
  auto applied = state_.last_applied();
  if (log.pending && applied.index == log.pending->point.id.index) {
    BASE_CHECK(state_.chain() == log.pending->point.chain,
               "INV-82: what was installed is what was announced");
    return;
  }
  BASE_CHECK(applied.index <= log.hard_state.commit_index,
             "INV-75: last_applied lies within the durable commit index");
  BASE_CHECK(applied.index >= log.snapshot.id.index,
             "INV-76: nothing is missing between the state and the log");
  BASE_CHECK(applied.index >= log.checkpoint_completed,
             "INV-80: the state holds what was checkpointed");
  BASE_CHECK(chain_at(applied.index) == state_.chain(),
             "INV-77: the chain at last_applied is the same in both stores");
}

raft::recovered_state disk::recovered() const {
  if (!is_state_lost_)
    check_one_story();
  const auto& log = log_state();
  raft::recovered_state found{log.hard_state,
                              log.snapshot,
                              log.last,
                              log.last_chain,
                              log.term_starts,
                              log.memberships,
                              state_.last_applied().index};
  if (log.pending)
    found.pending_install = log.pending->point;
  found.state_is_lost = is_state_lost_;
  return found;
}

} // namespace sim
