// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.hpp"
#include "raft/types.hpp"
#include "storage/types.hpp"

namespace storage {

/// A snapshot that is about to replace the state machine (two stores, one truth: rule 16).
struct pending_install {
  raft::snapshot_point point;
  state_digest digest;
  std::string file;
  friend bool operator==(const pending_install&, const pending_install&) = default;
};

/// Everything the log store knows besides the entries.
struct log_state {
  storage::identity identity;
  raft::hard_state hard_state;
  raft::snapshot_point snapshot;
  raft::log_index checkpoint_started;
  raft::log_index checkpoint_completed;
  std::optional<storage::pending_install> pending;
  std::uint64_t write_counter = 0; ///< grows by one in every transaction; never goes back
  raft::entry_id last;             ///< `snapshot.id` when there are no entries
  raft::chain_hash last_chain;
  std::vector<raft::term_start> term_starts;
  raft::membership membership; ///< the newest in the log; the snapshot point's if none
  std::vector<raft::membership_at> memberships; ///< of the log, ascending
  /// Ascending. While there are any, what is said of terms and members above is not certain.
  std::vector<raft::damaged_run> damaged{};
};

/// One durable step of the log, written in one transaction with one sync.
struct log_batch {
  std::vector<raft::entry> entries;             ///< contiguous
  std::optional<raft::log_index> truncate_from; ///< first index to be replaced
  raft::hard_state hard_state;
};

struct log_sizes {
  std::uint64_t entries = 0;
  std::uint64_t entry_bytes = 0; ///< of stored records
  std::uint64_t file_bytes = 0;
  std::uint64_t map_bytes = 0; ///< zero where there is no map
};

/// The durable Raft log with its hard state and marks. One owner, one thread; every
/// member may block on the disk. After `errc::io` or `errc::sync_failed` the outcome
/// of that write is unknown and every later call fails the same way (the latch).
/// After `errc::storage_full` nothing was written and the store goes on.
class log_store {
public:
  virtual ~log_store() = default;

  /// What the store held when it was opened, kept up to date by the calls below.
  virtual const log_state& state() const = 0;

  /// Appends (replacing from `truncate_from` on) and records the hard state. Durable
  /// on return. Throws when the batch breaks INV-30 (contiguous, chained, never below
  /// the commit index, hard state never going back).
  virtual base::status append(const log_batch& batch) = 0;

  /// Copies out entries of [first, last], in order, until `bytes_max` of payload is
  /// passed; at least one. Each is checked (CRC and chain to its predecessor read).
  /// Errors: `not_found` below the first or above the last index; `corrupt`.
  virtual base::result<std::vector<raft::entry>> read(raft::log_index first, raft::log_index last,
                                                      std::size_t bytes_max) = 0;

  /// Writes entries that came from a peer over the damaged records of the same indexes, in one
  /// transaction: the log is what it was before the damage. When nothing is damaged any more
  /// the whole log is verified again. Requires: they begin the first run of `state().damaged`
  /// and do not go beyond it (INV-47). Errors: `invalid` when they do not fit between the
  /// entries around them: nothing was written; `corrupt` when the log is damaged elsewhere.
  virtual base::status repair(const std::vector<raft::entry>& entries) = 0;

  /// Records, durably, that a checkpoint of the state at `index` begins.
  virtual base::status set_checkpoint_started(raft::log_index index) = 0;
  /// Records, durably, that it is complete. Requires: it equals the started mark.
  virtual base::status set_checkpoint_completed(raft::log_index index) = 0;

  /// Forgets, durably, both checkpoint marks, before a lost state machine is rebuilt by
  /// replay: otherwise a crash half-way would look like a WAL that lost frames (rule 12).
  /// Requires: the log reaches back to its beginning (snapshot point at index 0).
  virtual base::status reset_checkpoints() = 0;

  /// Removes entries at and below `up_to`, keeping the newest `entries_kept` entries
  /// (or as many as fit `bytes_kept`, whichever is fewer), and moves the snapshot point
  /// in the same transactions, each of a bounded number of entries. Requires:
  /// `up_to <= checkpoint_completed`. Returns the snapshot point now in force.
  virtual base::result<raft::snapshot_point> compact(raft::log_index up_to,
                                                     std::uint64_t entries_kept,
                                                     std::uint64_t bytes_kept) = 0;

  /// Records, durably, a verified snapshot that is about to replace the state machine;
  /// the log stays untouched. Errors: `invalid` for a snapshot below the snapshot point or
  /// of a term this server has not seen; `corrupt` for one that contradicts a committed entry.
  virtual base::status set_pending_install(const pending_install& pending) = 0;
  /// One transaction: snapshot point, commit index and completed mark move to the
  /// pending install's point, which is cleared; the suffix is kept when it matches.
  virtual base::status finish_pending_install() = 0;
  virtual base::status drop_pending_install() = 0;

  virtual log_sizes sizes() const = 0;
};

} // namespace storage
