// SPDX-License-Identifier: Apache-2.0
// The WAL of the state machine: counts, checkpoints, restart (two stores, one truth:
// rules 10 and 11). Everything here runs on the writer's connection (INV-57).
#include <array>

#include <sqlite3.h>

#include "base/check.hpp"
#include "storage/lock_holders.hpp"
#include "storage/plain_files.hpp"
#include "storage/sqlite_error.hpp"
#include "storage/sqlite_state_machine.hpp"

namespace storage {

namespace {

struct wal_counts {
  int code = SQLITE_OK;
  int frames = -1;
  int copied = -1;

  bool is_known() const { return frames >= 0 && copied >= 0; }
};

wal_counts run_checkpoint(sqlite3* connection, int mode) {
  wal_counts counts;
  counts.code = sqlite3_wal_checkpoint_v2(connection, "main", mode, &counts.frames, &counts.copied);
  return counts;
}

bool is_held_up(int code) {
  return (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED;
}

} // namespace

wal_status sqlite_state_machine::wal() const {
  return {file_size(wal_path(options_.path)), wal_frames_ - frames_copied_};
}

base::result<checkpoint_report> sqlite_state_machine::checkpoint(checkpoint_mode mode) {
  if (latch_)
    return base::fail(*latch_);
  BASE_CHECK(!database_.is_in_transaction(), "a checkpoint within a transaction");
  checkpoint_report report;
  report.wal_bytes_before = file_size(wal_path(options_.path));
  if (auto done = copy_frames(report); !done)
    return base::fail(note(done.error().within("checkpoint")));
  if (mode == checkpoint_mode::truncate)
    if (auto done = truncate_wal(report); !done)
      return base::fail(note(done.error().within("checkpoint")));
  report.is_complete = report.frames_copied == report.frames_in_wal;
  if (report.is_blocked)
    report.blocked_by = describe(lock_holders(options_.path));
  report.wal_bytes_after = file_size(wal_path(options_.path));
  return report;
}

/// Passive: never waits. Also the first half of a truncating checkpoint, because after
/// that one SQLite answers 0 of 0.
base::status sqlite_state_machine::copy_frames(checkpoint_report& report) {
  auto counts = run_checkpoint(database_.handle(), SQLITE_CHECKPOINT_PASSIVE);
  if (counts.code != SQLITE_OK && !is_held_up(counts.code))
    return base::fail(database_.error(counts.code, "copy frames"));
  if (counts.code == SQLITE_OK && !counts.is_known())
    return base::fail(base::errc::io, "the database is not in WAL mode");
  if (counts.is_known()) {
    wal_frames_ = static_cast<std::uint64_t>(counts.frames);
    frames_copied_ = static_cast<std::uint64_t>(counts.copied);
  }
  if (frames_copied_ == wal_frames_)
    remember_copied_whole();
  report.frames_in_wal = wal_frames_;
  report.frames_copied = frames_copied_;
  report.is_blocked = frames_copied_ != wal_frames_;
  return {};
}

base::status sqlite_state_machine::truncate_wal(checkpoint_report& report) {
  if (auto done = database_.set_busy_timeout(options_.truncate_wait); !done)
    return done;
  auto counts = run_checkpoint(database_.handle(), SQLITE_CHECKPOINT_TRUNCATE);
  auto failure = database_.error(counts.code, "truncate the WAL");
  if (auto done = database_.set_busy_timeout(options_.busy_timeout); !done)
    return done;
  if (counts.code == SQLITE_OK) {
    report.frames_copied = report.frames_in_wal;
    report.is_blocked = false;
    wal_frames_ = 0;
    frames_copied_ = 0;
    remember_copied_whole();
    return {};
  }
  if (!is_held_up(counts.code))
    return base::fail(failure);
  // Busy does not mean that nothing was done: it may have copied what was left.
  report.is_blocked = true;
  if (counts.is_known()) {
    frames_copied_ = static_cast<std::uint64_t>(counts.copied);
    report.frames_copied = frames_copied_;
  }
  if (frames_copied_ == wal_frames_)
    remember_copied_whole();
  return {};
}

void sqlite_state_machine::remember_copied_whole() {
  salt_when_copied_ = wal_salt();
  has_only_restarts_since_copied_ = true;
}

base::result<bool> sqlite_state_machine::restart_wal() {
  if (latch_)
    return base::fail(*latch_);
  if (!salt_when_copied_)
    return false;
  if (wal_salt() != *salt_when_copied_)
    return true;
  if (!has_only_restarts_since_copied_)
    return false;
  // What an earlier try added changes no row and no `last_applied`: the state in the
  // database file stays the one that was marked as completed.
  checkpoint_report ignored;
  if (auto done = copy_frames(ignored); !done)
    return base::fail(note(done.error().within("restart the WAL")));
  if (frames_copied_ != wal_frames_)
    return false;
  if (auto done = count_restart(); !done)
    return base::fail(note(done.error().within("restart the WAL")));
  return wal_salt() != *salt_when_copied_;
}

base::status sqlite_state_machine::count_restart() {
  auto next = recorded_;
  ++next.local.wal_restarts;
  return commit_recorded(next);
}

/// Checkpoint sequence number and both salts of the WAL's header, which change exactly
/// when the next frame goes to its start (sqlite.org/fileformat2.html, 4.1). Read through
/// SQLite's own descriptor. Empty while there is no header.
std::string sqlite_state_machine::wal_salt() {
  constexpr int header_bytes = 32;
  constexpr int salt_offset = 12;
  constexpr int salt_bytes = 12;
  sqlite3_file* file = nullptr;
  std::array<char, header_bytes> header{};
  int code = sqlite3_file_control(database_.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
  if (code != SQLITE_OK || file == nullptr || file->pMethods == nullptr
      || file->pMethods->xRead(file, header.data(), header_bytes, 0) != SQLITE_OK)
    return {};
  return {header.data() + salt_offset, salt_bytes};
}

} // namespace storage
