// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "raft/core.hpp"
#include "storage/memory_log_store.hpp"
#include "tests/sim/key_values.hpp"

namespace sim {

/// What the two stores of a server hold durably (docs/on_disk.md): the log by the very
/// rules of the log store, and the state machine with its last checkpoint.
class disk {
public:
  disk(const storage::identity& who, const raft::membership& founders);

  storage::log_store& log() { return log_; }
  const storage::log_state& log_state() const { return log_.state(); }
  key_values& state() { return state_; }
  const key_values& state() const { return state_; }

  /// The chain at `index` where the log holds it, or its snapshot point is there.
  std::optional<raft::chain_hash> chain_at(raft::log_index index) const;
  raft::entry entry_at(raft::log_index index) const;

  /// A received snapshot, verified and recorded as pending. False: of no use here.
  bool record_install(const key_values& snapshot);
  /// The file takes the state machine's place (two stores, one truth: rule 16, step 3).
  void swap_in();
  /// Step 4: log and marks follow. Requires: `swap_in` was called.
  void finish_install();
  void drop_install();
  /// The marks of a checkpoint of the whole state (two stores, one truth: rule 11). Requires:
  /// nothing is applied between them.
  void begin_checkpoint(raft::log_index index);
  void complete_checkpoint(raft::log_index index);
  /// The WAL's frames are gone: what was applied since the last checkpoint, or all, if one was
  /// under way and may have left a mixture (rule 12). Requires: no install is pending.
  void lose_wal();
  /// For a planted bug alone: marks a checkpoint that did not happen.
  void pretend_checkpoint(raft::log_index index);
  /// The state machine's file is gone. Requires: no install is pending.
  void lose_state();
  bool is_state_lost() const { return is_state_lost_; }

  /// Applies, in one transaction with `last_applied`.
  effect apply(const raft::entry& next);

  /// What a core starts with, read as the node reads it. Throws unless the two stores tell
  /// one story (INV-75, INV-76, INV-77).
  raft::recovered_state recovered() const;

private:
  void check_one_story() const;

  // Reading is not const in the interface, because a real store may need its file for it.
  mutable storage::memory_log_store log_;
  key_values state_;
  key_values checkpointed_;            ///< what the database file holds without its WAL
  std::optional<key_values> received_; ///< the file of the pending install
  bool is_state_lost_ = false;
};

} // namespace sim
