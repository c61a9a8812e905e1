// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "trace/recording.hpp"

/// What the recordings of several nodes say of one another. Pure.
namespace trace {

/// Something one server said to another, as both recorded it: positions of the recordings, and of
/// the events in them.
struct exchange {
  std::size_t from = 0;
  std::size_t said = 0;
  std::size_t to = 0;
  std::size_t heard = 0;
};

/// Of what one recording says was sent and one says was received and nothing else is alike: the
/// same RPC of the same term that vouches for the same, or an entry of the same request. What
/// repeats itself, as heartbeats do, tells of no pair. In the order of `to` and `heard`.
std::vector<exchange> find_exchanges(std::span<const recording> all);

/// How a node's clock stands to that of the first recording.
struct server_clock {
  std::int64_t ahead_ns = 0;
  /// The truth is at most so far from it; nothing: nobody's messages tell, and the clock is taken
  /// for what it says.
  std::optional<std::uint64_t> within_ns;
};

/// One for each recording. What was said was heard later: of two nodes that heard each other, the
/// fastest message in each direction bounds by how much their clocks differ, and the middle is
/// taken, as by NTP (RFC 5905, section 8). Who never heard the first is compared through others.
std::vector<server_clock> compare_clocks(std::span<const recording> all,
                                         std::span<const exchange> exchanges);

} // namespace trace
