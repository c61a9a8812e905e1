// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.hpp"

namespace base {

/// 128 bits of XXH3. Detects accident and divergence, not malice: nobody who can
/// write a store is kept out by it. Stored high half first, each half big endian.
struct hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const hash128&, const hash128&) = default;

  /// Exactly 16 bytes.
  void append_to(bytes& out) const;
  static hash128 read_from(byte_reader& in);
};

/// XXH3-128 of `input` under `seed`. Any thread.
hash128 hash_of(byte_view input, std::uint64_t seed = 0);

/// 32 lower-case hexadecimal digits.
std::string to_hex(const hash128& hash);
/// Nothing unless `text` is exactly 32 hexadecimal digits.
std::optional<hash128> hash128_from_hex(std::string_view text);

/// Lower-case hexadecimal digits of `input`, two a byte.
std::string to_hex(byte_view input);

} // namespace base
