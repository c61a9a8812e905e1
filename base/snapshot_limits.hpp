// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/limits.hpp"

/// The bounds of snapshots between nodes, each with its unit in its name.
namespace base::limits {

// A held read transaction keeps the WAL from being reused (two stores, one truth: rule 13).
// From the first bound on, writes are refused until the copy is done; at the second it ends.
inline constexpr std::uint64_t snapshot_held_bytes_slow = 192 * mebibyte;
inline constexpr std::uint64_t snapshot_held_bytes_max = 384 * mebibyte;
inline constexpr std::size_t snapshot_chunk_bytes = 256 * kibibyte;
inline constexpr std::size_t snapshot_streams_max = 2;
// Space that must be free for a snapshot, as a multiple of its size.
inline constexpr std::uint64_t snapshot_space_factor = 2;

static_assert(snapshot_held_bytes_slow + proposal_bytes_in_flight_max < snapshot_held_bytes_max,
              "what is in flight when writes are refused still fits");

} // namespace base::limits
