// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace http {

enum class method { get, head, put, post, remove, other };
std::string_view to_string(method value);

struct header_field {
  std::string_view name;  ///< as sent
  std::string_view value; ///< without surrounding blanks
};

/// The head of a request, checked. Every view points into the bytes that were parsed.
struct request_head {
  http::method method = http::method::other;
  std::string_view method_name;
  std::string_view target; ///< origin form ("/path?query"), `*`, or what stood there
  bool is_http_1_0 = false;
  std::vector<header_field> fields;

  std::string_view host; ///< from `Host`, or from an absolute target, which wins
  bool has_host = false;
  std::uint64_t content_length = 0;
  bool has_content_length = false;
  bool has_transfer_encoding = false;
  bool keeps_connection = false; ///< what the client asked for
  bool expects_continue = false;

  /// The first field of that name (lower case), ignoring case; null for none.
  const header_field* find(std::string_view lower_name) const;
  /// All values of that name joined by ", " (RFC 9110, 5.3); nothing when there is none.
  std::optional<std::string> joined(std::string_view lower_name) const;
  void clear();
};

/// Why a head was not accepted. The connection cannot be used again.
struct head_fault {
  int status = 400; ///< 400, 411, 414, 417, 431, 501, 505
  std::string_view code;
  std::string text;
  std::uint64_t limit = 0;
  std::uint64_t actual = 0;
};

/// How many bytes at the front of `input` are the head, its empty line included, or end in
/// a line that makes it no head at all; zero when more are needed. `scanned` is where the
/// last search ended; start with zero. Requires: no empty line in front.
std::size_t find_head_end(std::string_view input, std::size_t& scanned);

/// Whether an unfinished or finished head of these bytes is too long already.
std::optional<head_fault> check_head_size(std::string_view input);

/// Parses one head strictly (RFC 9112): CRLF only, no folded lines, no control bytes, no
/// blank before a colon, one `Host`, one length. Nothing a lenient parser beside us
/// could read differently gets through (INV-112). Requires: `bytes` as `find_head_end`
/// delimits it. Returns the fault, if any; `into` then holds what was read before it.
std::optional<head_fault> parse_head(std::string_view bytes, request_head& into);

/// ASCII only: header names and tokens.
bool equals_ignoring_case(std::string_view left, std::string_view right);
/// Whether a comma-separated list holds `token`, ignoring case.
bool list_holds(std::string_view list, std::string_view token);

} // namespace http
