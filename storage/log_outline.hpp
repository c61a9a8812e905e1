// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "raft/types.hpp"
#include "storage/log_store.hpp"

namespace storage {

using raft::membership_at;

/// A log's state without its entries: what every log store keeps in memory, how a batch
/// is judged against it, and how it moves once a change is durable. Pure.
///
/// The owner calls a `check_` before it writes, and the matching participle after the
/// write is durable. The checks throw `base::invariant_violation`.
class log_outline {
public:
  /// `memberships` ascending, all above the snapshot point; `state` is told them.
  log_outline(log_state state, std::vector<membership_at> memberships);

  const log_state& state() const { return state_; }
  raft::log_index first_index() const { return state_.snapshot.id.index.next(); }
  std::uint64_t entry_count() const { return state_.last.index - state_.snapshot.id.index; }

  /// Requires: from the snapshot point to the last index.
  raft::term term_at(raft::log_index index) const;
  /// The configuration in force once everything up to `index` is appended. Requires: as above.
  const raft::membership& membership_at_index(raft::log_index index) const;
  /// The index after which the batch's entries (or its cut) stand.
  raft::log_index index_before(const log_batch& batch) const;

  /// Errors: `not_found` unless [first, last] lies within the log and holds an entry.
  base::status check_range(raft::log_index first, raft::log_index last) const;

  /// INV-30, INV-34, INV-35, INV-36. `chain_before` is the chain at `index_before(batch)`.
  void check_append(const log_batch& batch, const raft::chain_hash& chain_before) const;
  void appended(const log_batch& batch, const raft::chain_hash& chain_before);

  /// INV-47. Requires: they begin the first run of damaged entries, and stay within it.
  void check_repair(const std::vector<raft::entry>& entries) const;
  void repaired(const std::vector<raft::entry>& entries);

  /// INV-41.
  void check_checkpoint_started(raft::log_index index) const;
  void checkpoint_started(raft::log_index index);
  void check_checkpoint_completed(raft::log_index index) const;
  void checkpoint_completed(raft::log_index index);
  /// Requires: the log reaches back to its beginning.
  void check_checkpoints_reset() const;
  void checkpoints_reset();

  /// The index up to which `compact` may go so that `kept` entries stay (INV-40).
  raft::log_index compaction_target(raft::log_index up_to, std::uint64_t kept) const;
  /// The entry at `id` with `chain` as a snapshot point. Requires: it is in the log.
  raft::snapshot_point point_at(const raft::entry_id& id, const raft::chain_hash& chain) const;
  void compacted(raft::snapshot_point point);

  /// Whether a snapshot can be installed. `is_held`: the log holds the point's very entry.
  /// Errors: `invalid` for a point that does not reach the snapshot point, or of a term
  /// this server has not seen; `corrupt` for one that contradicts a committed entry.
  base::status check_pending(const pending_install& pending, bool is_held) const;
  void pending_set(const pending_install& pending);
  void pending_dropped();
  /// What the hard state becomes when the pending install is finished. Requires: there is
  /// one, and what is committed above it is kept (INV-42).
  raft::hard_state state_after_install(bool keeps_suffix) const;
  void install_finished(bool keeps_suffix);

private:
  void cut_from(raft::log_index index, const raft::chain_hash& chain_before);
  void drop_up_to(const raft::snapshot_point& point);
  void check_hard_state(const raft::hard_state& next, const raft::entry_id& last) const;

  log_state state_;
};

} // namespace storage
