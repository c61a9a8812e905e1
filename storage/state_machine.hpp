// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/limits.hpp"
#include "base/result.hpp"
#include "raft/types.hpp"
#include "storage/command.hpp"
#include "storage/row_changes.hpp"
#include "storage/snapshot_source.hpp"
#include "storage/types.hpp"

namespace storage {

struct row {
  std::string key;
  base::bytes value;
  revision create_revision;
  revision mod_revision;
  std::uint64_t version = 0; ///< changes since creation; 1 for a new row
  friend bool operator==(const row&, const row&) = default;
};

/// A page of an ordered scan over keys in [start, end), all beginning with `prefix`.
struct scan_request {
  std::string prefix;
  std::string start;                ///< empty: from the first
  std::string end;                  ///< empty: to the last
  std::optional<std::string> after; ///< only keys greater than this (the cursor)
  std::size_t items_max = 100;
  std::size_t bytes_max =
      base::limits::scan_bytes_max; ///< of keys and values; at least one item is returned
  bool keys_only = false;
  /// Nothing that the reader remembers of the file is used: what stands there now is read.
  bool reads_file_anew = false;
};
struct scan_page {
  std::vector<row> rows; ///< `value` empty when only keys were asked for
  bool is_last = true;
  raft::log_index at; ///< last applied of the read snapshot
};

/// What a point read found, from one read snapshot.
struct get_result {
  std::optional<row> found;
  raft::log_index at; ///< last applied of the read snapshot
};

/// Reads, on a thread of its own, beside the one writer. Never sees half a batch.
class state_reader {
public:
  virtual ~state_reader() = default;
  virtual base::result<get_result> get(std::string_view key) = 0;
  /// Answers all keys from one read snapshot; in the order asked.
  virtual base::result<std::vector<get_result>> get_many(const std::vector<std::string>& keys) = 0;
  virtual base::result<scan_page> scan(const scan_request& request) = 0;
  /// Makes the call under way on this reader, if any, end with `interrupted`. Any thread.
  virtual void interrupt() = 0;
};

enum class checkpoint_mode {
  passive,  ///< copies what no reader holds; the WAL file keeps its size
  truncate, ///< waits (bounded) for readers, then cuts the WAL file to zero
};

/// The honest counts of one checkpoint.
struct checkpoint_report {
  std::uint64_t frames_in_wal = 0; ///< before, as SQLite counts them
  std::uint64_t frames_copied = 0; ///< now in the database file
  std::uint64_t wal_bytes_before = 0;
  std::uint64_t wal_bytes_after = 0;
  bool is_complete = false; ///< every frame is in the database file
  bool is_blocked = false;  ///< a reader or another process held it back
  std::string blocked_by;   ///< who, for a person; empty when not blocked or not known
};

struct wal_status {
  std::uint64_t bytes = 0;  ///< size of the -wal file
  std::uint64_t frames = 0; ///< frames not yet known to be in the database file
};

/// The user's data and `last_applied`, which change together or not at all. One
/// writer, one thread; members may block on the disk. After `errc::io` or
/// `errc::sync_failed` the latch holds, as in `log_store`. After `storage_full`
/// or `busy` nothing changed.
class state_machine {
public:
  virtual ~state_machine() = default;

  /// Whether it only stands in for one that is lost: nothing can be read or applied until a
  /// snapshot was installed.
  virtual bool is_lost() const { return false; }

  virtual const state_meta& meta() const = 0;
  virtual const storage::identity& identity() const = 0;

  /// Applies committed entries in one transaction together with `last_applied`; one
  /// result an entry, `command_done` at its index for entries without a command.
  /// Requires, or throws: contiguous from `last_applied + 1` (INV-51), terms and chains
  /// continue (INV-52), all durably committed according to `watermark` (INV-50), which
  /// never goes back (INV-68) and goes into the same transaction. An unknown kind or a
  /// command that does not decode is `corrupt`, and nothing of the batch is applied.
  virtual base::result<std::vector<command_result>> apply(const std::vector<raft::entry>& entries,
                                                          const log_watermark& watermark) = 0;

  /// What apply changes, for whoever wants it noted; null where that cannot be had.
  virtual row_changes* changes() { return nullptr; }

  /// Records durably, beside the state, that a majority of the replicas has another one: this
  /// one is never started on again (INV-29). Afterwards every call that changes something
  /// fails with `unsupported`. Errors: `storage_full` and `busy`: to be tried again;
  /// `unsupported` where nothing outlives the process.
  virtual base::status record_outvoted(const raft::state_outvote& what) = 0;

  /// A reader for another thread; outlives nothing: closed before this is.
  virtual base::result<std::unique_ptr<state_reader>> open_reader() = 0;

  /// Whether there is a WAL to be checkpointed.
  virtual bool has_wal() const = 0;
  virtual wal_status wal() const = 0;
  /// Requires: `has_wal()`; the owner has recorded the started mark in the log.
  virtual base::result<checkpoint_report> checkpoint(checkpoint_mode mode) = 0;
  /// A small commit that makes the next frame go to the start of the WAL, after a
  /// complete checkpoint (two stores, one truth: rule 11). True once it did, by this or
  /// by another commit. False while a reader is in the way: to be tried again; and when
  /// something was applied since: then the next checkpoint comes first.
  virtual base::result<bool> restart_wal() = 0;

  /// For another thread, which makes snapshot files beside the writer's calls.
  virtual std::unique_ptr<snapshot_source> open_snapshots() = 0;
  /// One snapshot file, made here and now.
  base::result<snapshot_report> write_snapshot(const std::string& path) {
    return open_snapshots()->write(path, {});
  }

  /// Lets go of the file, so that a received snapshot can take its place (two stores, one
  /// truth: rule 16, step 3). Requires: every reader of this object was closed; its owner
  /// has recorded the started mark of a checkpoint here, because SQLite folds the WAL into
  /// the file. Afterwards every call but the destructor fails with `unsupported`.
  /// Errors: `busy`, naming who still has the file open: to be tried again; nothing changed
  /// but that no snapshot is made of it any more.
  virtual base::status give_up() = 0;

  /// Recomputes every row digest and the sum, until `keep_going` says no; nothing when
  /// stopped early. Any thread, within one read transaction, beside the writer's calls;
  /// the sum is compared with the digest of the same snapshot.
  /// Errors: `corrupt` naming the first key that does not match, or both sums.
  virtual base::result<std::optional<state_digest>> verify_rows(
      const std::function<bool()>& keep_going) = 0;

  virtual std::uint64_t file_bytes() const = 0;
};

} // namespace storage
