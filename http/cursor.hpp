// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "actors/client_requests.hpp"

namespace http {

/// Where the next page of a scan begins. Opaque and URL-safe to clients; bound to the
/// range it was made for and checked, so that one which was cut, changed or used for
/// another range is recognised instead of skipping keys.
std::string encode_cursor(const storage::scan_request& scan, std::string_view last_key);

/// The last key of the page before; nothing when `text` is no cursor of this scan.
std::optional<std::string> decode_cursor(const storage::scan_request& scan, std::string_view text);

} // namespace http
