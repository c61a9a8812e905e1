// SPDX-License-Identifier: Apache-2.0
#include "replay/seeded_random.hpp"

#include <random>

namespace replay {

raft::random_source seeded_random(std::uint64_t seed) {
  return [engine = std::mt19937_64(seed)](std::uint64_t bound) mutable {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(engine);
  };
}

} // namespace replay
