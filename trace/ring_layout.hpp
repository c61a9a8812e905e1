// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/uuid.hpp"

/// The bytes of a ring: one header, the names, then chunks of slots. The same in memory and
/// in a file, little-endian, read by a later process (docs/on_disk.md). Everything that is
/// written while others read is an atomic word.
///
/// A thread claims a whole chunk and fills it alone, so that threads do not contend and a
/// busy one does not push out what a quiet one recorded at the same time: the ring is
/// overwritten in the order of time, chunk by chunk.
namespace trace {

/// What a ring may have: the bound of the setting, and of what is read from a file.
inline constexpr std::size_t ring_file_bytes_min = std::size_t{1} << 20;
inline constexpr std::size_t ring_file_bytes_max = std::size_t{1} << 30;

} // namespace trace

namespace trace::layout {

static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

inline constexpr std::array<char, 8> magic{'A', 'S', 'P', 'N', 'T', 'R', 'C', '1'};
inline constexpr std::uint32_t version = 1;

inline constexpr std::size_t slots_per_chunk = 255;
inline constexpr std::size_t names_bytes = 60 * 1024;

/// One event, in words: the stamp, then what `pack` makes of it. The stamp is zero while
/// the rest is written, and else says which claim of the chunk, and which of its slots.
struct slot {
  std::atomic<std::uint64_t> stamp;
  std::array<std::atomic<std::uint64_t>, 7> words;
};
static_assert(sizeof(slot) == 64);

/// Who fills a chunk. `claim` counts all claims of the ring from one; zero: never used.
struct chunk_head {
  std::atomic<std::uint64_t> claim;
  std::atomic<std::uint64_t> thread; ///< the kernel's number of it
  std::array<std::uint64_t, 6> reserved;
};
static_assert(sizeof(chunk_head) == sizeof(slot));

struct chunk {
  chunk_head head;
  std::array<slot, slots_per_chunk> slots;
};
static_assert(sizeof(chunk) == 16 * 1024);

struct header {
  std::array<char, 8> magic;
  std::uint32_t version;
  std::uint32_t reserved;
  std::uint64_t chunk_count;
  std::uint64_t node_id;
  std::uint64_t process_id;
  base::uuid boot;
  /// The two clocks at one moment: a steady time becomes a date with their difference.
  std::uint64_t steady_ns;
  std::uint64_t unix_ns;
  std::atomic<std::uint64_t> next_claim; ///< claims so far
  std::atomic<std::uint64_t> names_used; ///< bytes of `names` that are filled
  std::atomic<std::uint64_t> ended;      ///< an `ending`
  /// No event that was overwritten is younger; zero: none was, or nobody noted it.
  std::atomic<std::uint64_t> lost_until_ns;
  /// Of a file that was written from a ring while others recorded: when that began. Zero: it
  /// holds all there was.
  std::uint64_t whole_until_ns;
  std::array<char, 256> reason; ///< why it was kept, of a dump; ends with its first zero
  std::array<std::byte, 4096 - 112 - 256> padding;
  std::array<char, names_bytes> names; ///< each: its length in one byte, then its bytes
};
static_assert(sizeof(header) == 64 * 1024);

/// The stamp of slot `index` in claim number `claim` of a chunk.
constexpr std::uint64_t stamp_of(std::uint64_t claim, std::size_t index) {
  return claim * (slots_per_chunk + 1) + index + 1;
}

} // namespace trace::layout
