// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <ostream>
#include <string>

#include "tests/sim/bugs.hpp"
#include "tests/sim/scheduler.hpp"

namespace sim {

/// One simulation. Everything else follows from the seed.
struct settings {
  std::uint64_t seed = 1;
  /// Of servers; zero: 3, 5 or 7, as the seed says.
  std::size_t servers = 0;
  /// How long faults happen; what follows shows that the cluster recovers.
  sim_time storm = 45 * second;
  bug planted = bug::none;
  std::ostream* trace = nullptr; ///< one line a thing that happened; slow
};

/// What a simulation came to.
struct report {
  bool is_ok = true;
  std::string why;               ///< the broken rule
  sim_time at = 0;               ///< when it broke, or when all ended
  std::uint64_t steps = 0;       ///< things that happened
  std::uint64_t fingerprint = 0; ///< of all that happened: equal for equal settings
  std::uint64_t servers = 0;
  std::uint64_t elections = 0; ///< that somebody won
  std::uint64_t committed = 0; ///< entries
  std::uint64_t truncations = 0;
  std::uint64_t compactions = 0;
  std::uint64_t snapshots = 0; ///< that arrived
  std::uint64_t installs = 0;
  std::uint64_t membership_changes = 0; ///< entries that were committed
  std::uint64_t transfers = 0;          ///< that were begun
  std::uint64_t wiped = 0;
  std::uint64_t messages = 0; ///< that arrived
  std::uint64_t crashes = 0;
  std::uint64_t pauses = 0;
  std::uint64_t partitions = 0;
  std::uint64_t writes_done = 0; ///< acknowledged
  std::uint64_t reads_done = 0;
  std::uint64_t unknown = 0; ///< writes that nobody knows the outcome of
};

} // namespace sim
