// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <cstring>

#include "trace/event.hpp"

namespace trace {

/// An event as the words of a slot (trace/ring_layout.hpp).
using event_words = std::array<std::uint64_t, 7>;

inline event_words pack(const event& what) {
  event_words words{};
  words[0] = what.time_ns;
  std::memcpy(&words[1], what.trace.octets.data(), 16);
  words[3] = what.span;
  words[4] = what.parent;
  words[5] = what.value;
  words[6] = std::uint64_t{what.actor} | std::uint64_t{what.other} << 16
             | std::uint64_t{what.message} << 32 | static_cast<std::uint64_t>(what.kind) << 48;
  return words;
}

inline event unpack(const event_words& words) {
  event what;
  what.time_ns = words[0];
  std::memcpy(what.trace.octets.data(), &words[1], 16);
  what.span = words[3];
  what.parent = words[4];
  what.value = words[5];
  what.actor = static_cast<name_id>(words[6]);
  what.other = static_cast<name_id>(words[6] >> 16);
  what.message = static_cast<name_id>(words[6] >> 32);
  what.kind = static_cast<event_kind>(words[6] >> 48 & 0xff);
  return what;
}

} // namespace trace
