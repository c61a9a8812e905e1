// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "tools/aspenctl/exit_status.hpp"

namespace aspenctl {

/// Where a node answers HTTP.
struct endpoint {
  std::string host; ///< a name or an IP literal, without brackets
  int port = 0;

  /// As people write it: `http://127.0.0.1:8080`, `http://[::1]:8080`.
  std::string url() const;
  /// What stands in the field `Host`.
  std::string authority() const;
};

/// Reads `[http://]host:port`. Another scheme, a path, a missing or impossible port is a failure of
/// status `usage` that names what was found.
outcome<endpoint> parse_endpoint(std::string_view text);

/// Reads endpoints that are separated by commas; at least one, none empty.
outcome<std::vector<endpoint>> parse_endpoints(std::string_view list);

/// Reads a time span of more than zero: `500ms`, `5s`, `2m`.
outcome<std::chrono::milliseconds> parse_span(std::string_view text);

/// Reads a server's number: 1 or more.
outcome<std::uint64_t> parse_server_id(std::string_view text);

} // namespace aspenctl
