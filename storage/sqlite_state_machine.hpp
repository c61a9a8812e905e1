// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/entry_applier.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/sqlite_schema.hpp"
#include "storage/state_machine.hpp"

namespace storage {

struct sqlite_state_options {
  std::string path;                                   ///< state-machine.db
  std::chrono::milliseconds busy_timeout{5000};       ///< for another process's lock, at BEGIN
  std::chrono::milliseconds truncate_wait{250};       ///< for readers, at a truncating checkpoint
  std::chrono::milliseconds reader_busy_timeout{250}; ///< during WAL recovery by another
  std::size_t writer_cache_bytes = 16 * base::limits::mebibyte;
  std::size_t reader_cache_bytes = 2 * base::limits::mebibyte;
  std::string vfs; ///< name of a registered VFS; empty for the system's
};

/// The state machine in a SQLite database in WAL mode with `synchronous=FULL`: rows and
/// `last_applied` change in one transaction (INV-54). This object holds the one
/// read-write connection of the file (INV-57): it alone writes and checkpoints.
class sqlite_state_machine final : public state_machine {
public:
  /// Opens an existing database, recovers its WAL and verifies the seals.
  /// Errors: `not_found`; `incompatible` (INV-64); `corrupt`; `busy`; `io`.
  static base::result<std::unique_ptr<sqlite_state_machine>> open(
      const sqlite_state_options& options);
  /// Makes the database and opens it. Requires: there is none at `options.path`.
  static base::result<std::unique_ptr<sqlite_state_machine>> create(
      const sqlite_state_options& options, const storage::identity& identity);

  const state_meta& meta() const override { return recorded_.replicated.meta; }
  const storage::identity& identity() const override { return identity_; }

  base::result<std::vector<command_result>> apply(const std::vector<raft::entry>& entries,
                                                  const log_watermark& watermark) override;
  row_changes* changes() override { return &changes_; }
  base::status record_outvoted(const raft::state_outvote& what) override;
  base::result<std::unique_ptr<state_reader>> open_reader() override;
  bool has_wal() const override { return true; }
  wal_status wal() const override;
  base::result<checkpoint_report> checkpoint(checkpoint_mode mode) override;
  base::result<bool> restart_wal() override;
  std::unique_ptr<snapshot_source> open_snapshots() override;
  base::status give_up() override;
  base::result<std::optional<state_digest>> verify_rows(
      const std::function<bool()>& keep_going) override;
  std::uint64_t file_bytes() const override;

  /// The watermark recorded with the newest batch.
  const log_watermark& watermark() const { return recorded_.local.watermark; }

private:
  class kv_table;

  struct statements {
    sqlite_statement find, insert, update, erase, set_meta, set_local;
  };

  sqlite_state_machine(sqlite_state_options options, sqlite_database database);
  base::status enter_wal();
  base::status prepare_statements();

  base::result<std::vector<command_result>> apply_in_transaction(
      const std::vector<raft::entry>& entries, const std::vector<entry_effect>& effects,
      recorded_state& next);
  base::status write_recorded(recorded_state& next);
  /// A transaction for what stands beside the rows alone.
  base::status commit_recorded(recorded_state& next);
  base::status write_changes(sqlite_statement& statement, const value_table& before,
                             const value_table& after);
  /// Says who holds the lock that was waited for in vain.
  base::error name_holder(base::error failure) const;
  /// Sets the latch when the failure calls for it (INV-59), and passes it on.
  base::error note(base::error failure);

  base::status copy_frames(checkpoint_report& report);
  base::status truncate_wal(checkpoint_report& report);
  void remember_copied_whole();
  base::status count_restart();
  std::string wal_salt();
  static int on_commit(void* self, sqlite3* connection, const char* name, int frames);

  sqlite_state_options options_;
  // Before the statements, which must be gone when it closes.
  sqlite_database database_;
  statements statements_;
  recorded_state recorded_;
  storage::identity identity_;
  std::shared_ptr<snapshot_gate> snapshots_ = std::make_shared<snapshot_gate>();
  std::optional<base::error> latch_;
  std::uint64_t wal_frames_ = 0;                ///< in the WAL since it was last restarted
  std::uint64_t frames_copied_ = 0;             ///< of these, known to be in the database file
  std::optional<std::string> salt_when_copied_; ///< of the WAL that was copied whole
  bool has_only_restarts_since_copied_ = false;
  row_changes changes_;
};

} // namespace storage
