// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace sim {

/// All chance of a simulation: splitmix64, the same numbers on every machine. Each part of
/// the simulation has dice of its own, so that a change in one does not reshuffle another.
class dice {
public:
  explicit dice(std::uint64_t seed) : state_(seed) {}

  /// Dice for a part of the simulation, told apart by `part`.
  dice fork(std::uint64_t part) const {
    dice mixed(state_ ^ (part * 0xd1342543de82ef95u));
    mixed.next();
    return dice(mixed.next());
  }

  std::uint64_t next() {
    auto mixed = (state_ += 0x9e3779b97f4a7c15u);
    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
  }
  /// Uniform in [0, bound). Requires: `bound` is not zero.
  std::uint64_t below(std::uint64_t bound) { return next() % bound; }
  /// Uniform in [low, high].
  std::uint64_t between(std::uint64_t low, std::uint64_t high) {
    return low + below(high - low + 1);
  }
  bool happens(std::uint64_t per_mille) { return below(1000) < per_mille; }

  template <class T>
  const T& pick(const std::vector<T>& from) {
    return from[below(from.size())];
  }
  template <class T>
  void shuffle(std::vector<T>& all) {
    for (auto left = all.size(); left > 1; --left)
      std::swap(all[left - 1], all[below(left)]);
  }

private:
  std::uint64_t state_;
};

} // namespace sim
