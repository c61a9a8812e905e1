// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace raft_test {

/// A small generator (splitmix64) that yields the same numbers on every machine.
class random_numbers {
public:
  explicit random_numbers(std::uint64_t seed) : state_(seed) {}

  /// Uniform in [0, bound). Requires: `bound` is not zero.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  /// True `percent` times out of a hundred.
  bool happens(std::uint64_t percent) { return below(100) < percent; }

private:
  std::uint64_t next() {
    auto mixed = (state_ += 0x9e3779b97f4a7c15u);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
  }

  std::uint64_t state_;
};

} // namespace raft_test
