// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tools {

/// RFC 3986, 2.1: everything but unreserved characters becomes %XX. Fits a path segment and a query value.
std::string percent_encode(std::string_view text);

/// RFC 4648, section 4, with padding.
std::string to_base64(std::string_view bytes);
/// The same backwards; nothing when `text` is not that.
std::optional<std::string> from_base64(std::string_view text);

/// Whether all of `text` is UTF-8 (RFC 3629).
bool is_utf8(std::string_view text);

/// Why `key` cannot be a key of Aspen (1 to 1024 bytes of UTF-8 without NUL); nothing when it can.
std::optional<std::string> why_no_key(std::string_view key);

} // namespace tools
