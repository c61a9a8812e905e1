// SPDX-License-Identifier: Apache-2.0
#include "actors/checkpoint_policy.hpp"

#include <algorithm>

namespace actors {

using storage::checkpoint_mode;

bool daily_window::contains(std::uint32_t minute) const {
  if (first_minute <= end_minute)
    return minute >= first_minute && minute < end_minute;
  return minute >= first_minute || minute < end_minute;
}

std::optional<checkpoint_mode> due_checkpoint(const checkpoint_facts& facts,
                                              const checkpoint_limits& limits) {
  if (facts.since_blocked < limits.blocked_pause)
    return std::nullopt;
  if (!facts.has_wal) {
    bool is_due_for_space = facts.is_space_short && facts.entries_since_mark > 0;
    if (is_due_for_space || facts.entries_since_mark >= limits.entries_between_marks)
      return checkpoint_mode::passive;
    return std::nullopt;
  }
  // The file keeps its size after a passive checkpoint: only frames that still wait
  // make another one worth its syncs.
  auto frame_bytes = facts.wal.frames * limits.frame_bytes;
  if (facts.wal.bytes >= limits.truncate_bytes
      || (facts.is_space_short && facts.wal.bytes > limits.short_of_space_bytes))
    return checkpoint_mode::truncate;
  if (limits.window && limits.window->contains(facts.minute_of_day)
      && facts.last_window_day != facts.day && facts.wal.bytes > 0)
    return checkpoint_mode::truncate;
  auto passive_bytes = facts.space_kept_back > 0
                           ? std::min(limits.passive_bytes, facts.space_kept_back / 2)
                           : limits.passive_bytes;
  if (frame_bytes >= passive_bytes || (facts.is_quiet && frame_bytes >= limits.idle_bytes))
    return checkpoint_mode::passive;
  return std::nullopt;
}

} // namespace actors
