// SPDX-License-Identifier: Apache-2.0
#include "actors/counters.hpp"

#include <chrono>
#include <cmath>

namespace actors {

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::steady_clock::now().time_since_epoch())
                                        .count());
}

double duration_counter::upper_bound_ns(std::size_t bucket) {
  if (bucket < per_octave)
    return static_cast<double>(bucket + 1);
  auto octave = bucket / per_octave + 1;
  auto quarter = bucket % per_octave;
  return std::ldexp(1.0 + static_cast<double>(quarter + 1) / per_octave, static_cast<int>(octave));
}

double duration_counter::quantile_us(double share) const {
  std::uint64_t total = 0;
  for (const auto& count : counts_)
    total += count.load(std::memory_order_relaxed);
  if (total == 0)
    return 0;
  auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i].load(std::memory_order_relaxed);
    if (seen >= wanted)
      return upper_bound_ns(i) / 1000;
  }
  return upper_bound_ns(counts_.size() - 1) / 1000;
}

double rate_counter::per_second(std::uint64_t at_ns) const {
  auto now = second_of(at_ns);
  std::uint64_t counted = 0;
  for (const auto& place : seconds_) {
    auto held = place.load(std::memory_order_relaxed);
    auto age = (now - (held >> count_bits)) & second_mask;
    if (age >= 1 && age <= window_seconds)
      counted += held & second_mask;
  }
  return static_cast<double>(counted) / static_cast<double>(window_seconds);
}

} // namespace actors
