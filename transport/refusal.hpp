// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace transport {

/// Why a server does not talk to another one. Told to the other side and logged on both.
enum class refusal_reason : std::uint8_t {
  other = 0,
  other_cluster = 1,
  wrong_certificate = 2,     ///< it does not name the server that presents it
  wrong_server = 3,          ///< another server was looked for, or its id is this one's
  unknown_server = 4,        ///< the newest membership does not list it
  outdated_incarnation = 5,  ///< the newest membership lists another life of it
  version_not_speakable = 6, ///< no protocol version in common
  duplicate_link = 7,        ///< there is a link already, and it stays
  bad_frame = 8,
  busy = 9,
  stopping = 10,
};

/// In snake case; "refusal N" for a number this program does not know.
std::string to_string(refusal_reason reason);

struct refusal {
  refusal_reason reason = refusal_reason::other;
  std::string text; ///< for a person; what was found and what was expected
};

} // namespace transport
