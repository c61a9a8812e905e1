// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace actors {

/// Turns time into ticks. A tick that came late is one tick to whoever merely waits; for a
/// lease all the time that passed counts, and before anything else (INV-89). A value.
class tick_clock {
public:
  using nanoseconds = std::chrono::nanoseconds;

  /// Requires: `interval` is positive. More than `most` ticks are never owed at once.
  tick_clock(nanoseconds interval, std::uint64_t most) : interval_(interval), most_(most) {}

  /// One tick begins now, however long the last one was.
  void begin_tick(nanoseconds now) { began_ = now; }

  /// How many ticks began since the last one. They count as told from here on.
  std::uint64_t take_missed(nanoseconds now) {
    auto missed = static_cast<std::uint64_t>((now - began_) / interval_);
    if (missed > most_) {
      began_ = now;
      return most_;
    }
    began_ += interval_ * missed;
    return missed;
  }

private:
  nanoseconds interval_;
  std::uint64_t most_;
  nanoseconds began_{};
};

} // namespace actors
