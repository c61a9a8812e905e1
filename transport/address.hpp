// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace transport {

/// Where a server listens: a name or literal, and a port.
struct address {
  std::string host; ///< without brackets
  std::uint16_t port = 0;
};

/// "host:port" or "[v6]:port". Errors: `invalid`, saying what is wrong with `text`.
base::result<address> parse_address(std::string_view text);

/// Whether the host is a literal loopback address or "localhost".
bool is_loopback(const address& where);

/// Whether the host is a literal IP address.
bool is_literal(const address& where);

} // namespace transport
