// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/limits.hpp"

/// The core's own bounds, beside those of base/limits.hpp.
namespace raft::bounds {

using base::limits::kibibyte;
using base::limits::mebibyte;

// A backlog of committed entries this large is applied without waiting for the timer.
inline constexpr std::uint64_t apply_backlog_entries = 1024;
inline constexpr std::uint64_t apply_backlog_bytes = 1 * mebibyte;

// What one append_entries carries, and what may be on its way to one peer.
inline constexpr std::size_t append_entries_max = 1024;
inline constexpr std::size_t append_bytes_max = 1 * mebibyte;
inline constexpr std::size_t messages_in_flight_max = 64;
inline constexpr std::uint64_t peer_bytes_in_flight_max = 8 * mebibyte;

// Applied entries kept in memory for followers that are a little behind.
inline constexpr std::size_t window_applied_entries_max = 4096;
inline constexpr std::uint64_t window_applied_bytes_max = 8 * mebibyte;

// A follower whose disk is this far behind drops entries until it has caught up.
inline constexpr std::uint64_t undurable_entries_max = 16384;
inline constexpr std::uint64_t undurable_bytes_max = 64 * mebibyte;

// What compaction may be held back for a peer's snapshot, besides the time for it.
inline constexpr std::uint64_t pinned_entries_max = 1'000'000;
inline constexpr std::uint64_t pinned_bytes_max = 512 * mebibyte;

// How often a peer is asked for a damaged entry, in heartbeats.
inline constexpr std::uint32_t repair_heartbeats = 5;

// Newest state digests that are remembered of each server.
inline constexpr std::size_t digest_points_max = 16;

// A learner that lags by more entries is not made a voter.
inline constexpr std::uint64_t promotion_lag_entries_max = 100;

// Heartbeats without an answer after which a voter does not count as there when a change is
// judged that needs it.
inline constexpr std::uint64_t fresh_heartbeats = 3;

// Election timeouts without a leader after which a server without a state machine campaigns.
inline constexpr std::uint64_t last_resort_timeouts = 10;

// Quorum checks (one each minimum election timeout) without an entry taken, after which a
// follower does not count for its leader's quorum. Above what one write may take on a slow disk.
inline constexpr std::uint32_t stalled_checks_max = 5;

// How far two servers' clocks may be apart before a forwarded proposal counts as late.
inline constexpr std::uint64_t clock_difference_ms_max = 60'000;

static_assert(append_bytes_max <= base::limits::persist_bytes_max);
static_assert(append_bytes_max <= peer_bytes_in_flight_max);
static_assert(append_entries_max <= undurable_entries_max);

} // namespace raft::bounds
