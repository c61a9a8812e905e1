// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "storage/types.hpp"

/// Content checks of the state machine. SQLite's integrity check and LMDB cover
/// structure only: a flipped bit in a value passes both. Formats in docs/on_disk.md.
namespace storage {

/// Which computation the recorded digests come from. Replicas compare digests only
/// under the same version.
inline constexpr std::uint64_t digest_version = 1;

/// The state digest is recorded at every index divisible by this, and compared between the
/// replicas there.
inline constexpr std::uint64_t digest_interval = 4096;

/// Bytes of a digest in its stored form.
inline constexpr std::size_t digest_bytes = 32;

/// A row without its key and value.
struct row_mark {
  revision create_revision;
  revision mod_revision;
  std::uint64_t version = 0;
  friend bool operator==(const row_mark&, const row_mark&) = default;
};

/// The digest of one row: XXH3-128 of (key length, key, marks, value) under two seeds.
/// Not linear in its input, so that two errors do not cancel in the sum. Any thread.
state_digest row_digest(std::string_view key, const row_mark& mark, base::byte_view value);

/// Adds or takes away a row, lane by lane modulo 2^64; the order does not matter.
void add(state_digest& sum, const state_digest& row);
void subtract(state_digest& sum, const state_digest& row);

/// 32 bytes, each lane most significant byte first.
base::bytes to_bytes(const state_digest& digest);
/// Nothing unless there are exactly 32 bytes.
std::optional<state_digest> digest_from_bytes(base::byte_view bytes);

/// 64 lower-case hexadecimal digits.
std::string to_hex(const state_digest& digest);
std::optional<state_digest> digest_from_hex(std::string_view text);

} // namespace storage
