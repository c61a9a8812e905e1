// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

#include "trace/exchanges.hpp"
#include "trace/recording.hpp"

namespace trace {

/// Recordings of several nodes as one: actors are named "node 1/raft", messages are numbered anew,
/// times are those of the first one's clock, in nanoseconds since 1970. Events stand in the order in which they happened, as
/// far as messages tell: nothing is heard before it was said, whatever the clocks say; else by
/// time. Pure. Requires: a clock for each recording, and of each process one recording.
recording merge(std::span<const recording> all, std::span<const server_clock> clocks);

} // namespace trace
