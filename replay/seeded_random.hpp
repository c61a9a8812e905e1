// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "raft/core.hpp"

namespace replay {

/// The numbers that a core draws: the same from the same seed.
raft::random_source seeded_random(std::uint64_t seed);

} // namespace replay
