// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "base/limits.hpp"
#include "storage/state_machine.hpp"

namespace actors {

/// A daily stretch of time, in minutes of the day (UTC); may pass midnight.
struct daily_window {
  std::uint32_t first_minute = 0;
  std::uint32_t end_minute = 0; ///< exclusive
  bool contains(std::uint32_t minute) const;
};

struct checkpoint_limits {
  std::uint64_t truncate_bytes = 100 * base::limits::mebibyte; ///< size of the WAL file
  std::uint64_t passive_bytes = base::limits::wal_passive_checkpoint_bytes; ///< of frames
  std::uint64_t idle_bytes = base::limits::wal_idle_checkpoint_bytes;
  std::uint64_t frame_bytes = 4096 + 24;
  /// Short of space, a WAL beyond this is cut to zero: the small commit that follows a
  /// checkpoint (rule 11) leaves a few frames, which are not worth another.
  std::uint64_t short_of_space_bytes = 16 * (4096 + 24);
  std::optional<daily_window> window;
  std::chrono::milliseconds blocked_pause{1000}; ///< after a checkpoint that was held back
  /// A backend without a WAL is marked as checkpointed every so many entries.
  std::uint64_t entries_between_marks = base::limits::log_entries_kept_min;
};

/// What the policy looks at.
struct checkpoint_facts {
  bool has_wal = false;
  storage::wal_status wal;
  bool is_quiet = false; ///< nothing was applied since the last look
  std::uint64_t entries_since_mark = 0;
  std::uint32_t minute_of_day = 0;   ///< UTC
  std::int64_t day = 0;              ///< days since the epoch, UTC
  std::int64_t last_window_day = -1; ///< day of the last truncation in the window
  std::chrono::milliseconds since_blocked{1 << 30};
  bool is_space_short = false; ///< the disk is full: whatever frees space is due
  std::uint64_t space_kept_back =
      0; ///< what a checkpoint on a full disk has to do with; 0: nothing
};

/// Which checkpoint is due now, if any (two stores, one truth: rule 10): passive by
/// frames, load or not, and in quiet moments; truncating at the threshold and once in
/// the daily window. With space kept back, half of it in frames is enough for a passive one:
/// on a full disk the database grows by what the WAL holds. Pure.
std::optional<storage::checkpoint_mode> due_checkpoint(const checkpoint_facts& facts,
                                                       const checkpoint_limits& limits);

} // namespace actors
