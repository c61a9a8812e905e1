// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trace/recording.hpp"

namespace trace {

/// A message that an actor had in hand.
struct handled_message {
  std::uint64_t received_ns = 0;
  std::string message;
  std::string from; ///< empty: outside
  std::uint64_t waited_ns = 0;
  std::uint64_t handled_ns = 0;
  bool is_finished = false; ///< false: the actor ended, or still is, within it
};

/// The last messages that `actor` had in hand, at most `count`, the oldest first.
std::vector<handled_message> last_messages_of(const recording& what, std::string_view actor,
                                              std::size_t count);

} // namespace trace
