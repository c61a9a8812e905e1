// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

/// What an actor counts while messages pass. Each is written by one thread at a time, the one that runs
/// the actor, and read by any: no lock, and no instruction that waits for another core.
namespace actors {

/// Nanoseconds on the steady clock.
std::uint64_t now_ns();

/// Adds to what one thread at a time writes.
inline void add_to(std::atomic<std::uint64_t>& counter, std::uint64_t count = 1) {
  counter.store(counter.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
}

/// Counts durations in buckets a quarter of an octave wide: a percentile is off by at
/// most a fifth.
class duration_counter {
public:
  void add(std::uint64_t ns) { add_to(counts_[bucket_of(ns)]); }
  /// The upper bound, in microseconds, of the bucket that holds the `share` quantile;
  /// zero when nothing was counted.
  double quantile_us(double share) const;

private:
  static constexpr std::size_t per_octave = 4;
  static std::size_t bucket_of(std::uint64_t ns) {
    if (ns < per_octave)
      return ns;
    auto octave = static_cast<std::size_t>(std::bit_width(ns)) - 1;
    auto quarter = (ns >> (octave - 2)) & (per_octave - 1);
    return (octave - 1) * per_octave + quarter;
  }
  static double upper_bound_ns(std::size_t bucket);
  std::array<std::atomic<std::uint64_t>, 64 * per_octave> counts_{};
};

/// How often something happens, by whole seconds of the steady clock.
class rate_counter {
public:
  /// So many whole seconds back from now.
  static constexpr std::uint64_t window_seconds = 5;

  void add(std::uint64_t at_ns) {
    auto second = second_of(at_ns);
    auto& place = seconds_[second % seconds_.size()];
    auto held = place.load(std::memory_order_relaxed);
    auto is_same = held >> count_bits == (second & second_mask);
    place.store(is_same ? held + 1 : (second & second_mask) << count_bits | 1,
                std::memory_order_relaxed);
  }
  /// A second, over the window that ends with the last whole second before `now`.
  double per_second(std::uint64_t at_ns) const;

private:
  static constexpr unsigned count_bits = 32;
  static constexpr std::uint64_t second_mask = 0xffff'ffff;
  static std::uint64_t second_of(std::uint64_t at_ns) { return at_ns / 1'000'000'000; }
  /// The second above, what was counted in it below.
  std::array<std::atomic<std::uint64_t>, 8> seconds_{};
};

} // namespace actors
