// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "transport/frame.hpp"

/// Signs of life and the round trip: a ping carries its sender's clock, a pong brings the
/// same bytes back. Pure.
namespace transport {

inline base::bytes encode_ping(std::chrono::steady_clock::time_point now, std::uint8_t version,
                               const identity& sender) {
  auto frame = begin_frame();
  auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch());
  base::put_little(frame, static_cast<std::uint64_t>(since.count()));
  finish_frame(frame, frame_type::ping, version, sender);
  return frame;
}

/// At most the eight bytes a ping has are returned.
inline base::bytes encode_pong(base::byte_view ping, std::uint8_t version, const identity& sender) {
  auto frame = begin_frame();
  frame += ping.substr(0, sizeof(std::uint64_t));
  finish_frame(frame, frame_type::pong, version, sender);
  return frame;
}

/// Nothing for a pong that answers no ping of this process.
inline std::optional<std::chrono::microseconds> round_trip_of(
    base::byte_view pong, std::chrono::steady_clock::time_point now) {
  base::byte_reader in(pong);
  auto sent = in.little<std::uint64_t>();
  auto since = std::chrono::duration_cast<std::chrono::nanoseconds>(now.time_since_epoch());
  auto here = static_cast<std::uint64_t>(since.count());
  if (!in.at_end() || sent > here)
    return std::nullopt;
  return std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::nanoseconds(here - sent));
}

} // namespace transport
