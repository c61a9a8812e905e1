// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace http {

struct decoded {
  std::string text;
  /// Where the input is no percent-encoding; npos when all of it is.
  std::size_t bad_at = std::string_view::npos;
  bool is_ok() const { return bad_at == std::string_view::npos; }
};

/// RFC 3986, 2.1. `plus_is_blank` as HTML forms and `URLSearchParams` write a query.
/// The result may hold any byte, NUL included: whoever takes it checks it.
decoded percent_decode(std::string_view text, bool plus_is_blank);

/// Where `text` stops being UTF-8 (RFC 3629: no overlong form, no surrogate, nothing above
/// U+10FFFF); npos when all of it is.
std::size_t find_bad_utf8(std::string_view text);

/// RFC 4648: standard with padding, and URL-safe without.
std::string to_base64(std::string_view bytes);
std::string to_base64url(std::string_view bytes);
/// False, and `out` unspecified, unless `text` is exactly what the encoders above make.
bool from_base64(std::string_view text, std::string& out);
bool from_base64url(std::string_view text, std::string& out);

} // namespace http
