// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace base {

/// 128 bits that name one thing for good: a cluster, a server's incarnation, a
/// log, a boot, a trace. All zero means "none".
struct uuid {
  std::array<std::uint8_t, 16> octets{};

  friend auto operator<=>(const uuid&, const uuid&) = default;
  bool is_nil() const { return *this == uuid{}; }

  /// Exactly 16 bytes.
  void append_to(bytes& out) const;
  static uuid read_from(byte_reader& in);
};

/// A fresh uuid from the kernel's generator (RFC 9562 version 4). Any thread.
/// Throws `invariant_violation` when the kernel gives no randomness.
uuid random_uuid();

/// The uuid all nodes derive from equal `name`s (version 8, by XXH3).
uuid uuid_from_name(std::string_view name);

/// "8-4-4-4-12" hexadecimal digits.
std::string to_string(const uuid& id);
std::optional<uuid> uuid_from_string(std::string_view text);

} // namespace base
