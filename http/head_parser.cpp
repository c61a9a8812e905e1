// SPDX-License-Identifier: Apache-2.0
#include "http/request_head.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/limits.hpp"

namespace http {

namespace limits = base::limits;

namespace {

// Room for a key of 1024 bytes in which each byte is percent-encoded, with a query.
constexpr std::size_t target_bytes_max = std::size_t{8} * 1024;
static_assert(3 * limits::key_bytes_max < target_bytes_max);
static_assert(target_bytes_max < limits::http_head_bytes_max);

constexpr std::string_view line_end = "\r\n";

/// RFC 9110, 5.6.2.
bool is_token_byte(char byte) {
  static constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z')
         || (byte >= 'A' && byte <= 'Z') || others.find(byte) != std::string_view::npos;
}

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_byte);
}

/// Visible characters, blank, tab, and bytes above ASCII (RFC 9110, 5.5).
bool is_value_byte(char byte) {
  auto code = static_cast<unsigned char>(byte);
  return code == '\t' || (code >= 0x20 && code != 0x7f);
}

bool is_target_byte(char byte) {
  auto code = static_cast<unsigned char>(byte);
  return code > 0x20 && code < 0x7f && byte != '#';
}

std::optional<head_fault> bad(std::string text) {
  return head_fault{400, "bad_request", std::move(text), 0, 0};
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

method method_from(std::string_view name) {
  static constexpr std::array known{method::get, method::head, method::put, method::post,
                                    method::remove};
  for (auto each : known)
    if (to_string(each) == name) // methods are case-sensitive
      return each;
  return method::other;
}

/// `http://authority/path`: the authority counts, whatever `Host` says (RFC 9112, 3.2.2).
void split_absolute_target(request_head& head) {
  for (std::string_view scheme : {"http://", "https://"}) {
    if (head.target.size() < scheme.size()
        || !equals_ignoring_case(head.target.substr(0, scheme.size()), scheme))
      continue;
    auto rest = head.target.substr(scheme.size());
    auto path = std::min(rest.find_first_of("/?"), rest.size());
    head.host = rest.substr(0, path);
    head.target = path < rest.size() && rest[path] == '/' ? rest.substr(path) : "/";
    return;
  }
}

std::optional<head_fault> parse_request_line(std::string_view line, request_head& head) {
  auto first = line.find(' ');
  auto last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return bad("the request line is not 'METHOD TARGET VERSION'");
  head.method_name = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  auto version = line.substr(last + 1);
  if (!is_token(head.method_name))
    return bad("the method is not a token");
  if (head.target.empty())
    return bad("the request target is empty");
  if (head.target.size() > target_bytes_max)
    return head_fault{414, "target_too_long", "the request target is too long", target_bytes_max,
                      head.target.size()};
  auto stray = std::find_if_not(head.target.begin(), head.target.end(), is_target_byte);
  if (stray != head.target.end())
    return bad("the request target holds a blank, a control byte, '#' or a byte above ASCII at "
               "position "
               + std::to_string(stray - head.target.begin()) + "; percent-encode it");
  head.method = method_from(head.method_name);
  if (version == "HTTP/1.0")
    head.is_http_1_0 = true;
  else if (version != "HTTP/1.1")
    return version.starts_with("HTTP/") ? head_fault{505, "version_not_supported",
                                                     "only HTTP/1.1 and HTTP/1.0 are spoken", 0, 0}
                                        : *bad("the request line does not end in an HTTP version");
  return std::nullopt;
}

std::optional<head_fault> parse_field(std::string_view line, request_head& head) {
  if (line.front() == ' ' || line.front() == '\t')
    return bad("a header line is folded");
  auto colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon)))
    return bad("a header line is not 'name: value'");
  auto value = trim(line.substr(colon + 1));
  if (!std::all_of(value.begin(), value.end(), is_value_byte))
    return bad("a header value holds a control byte");
  if (head.fields.size() == limits::http_headers_max)
    return head_fault{431, "too_many_headers", "too many header fields", limits::http_headers_max,
                      head.fields.size() + 1};
  head.fields.push_back({line.substr(0, colon), value});
  return std::nullopt;
}

std::optional<head_fault> note_length(std::string_view value, request_head& head) {
  if (head.has_content_length)
    return bad("there is more than one Content-Length");
  auto* end = value.data() + value.size();
  auto [stop, failure] = std::from_chars(value.data(), end, head.content_length);
  if (failure == std::errc::result_out_of_range)
    head.content_length = ~std::uint64_t{0}; // refused as too large, with its true meaning
  else if (failure != std::errc{} || stop != end)
    return bad("Content-Length is not a number");
  if (!std::all_of(value.begin(), value.end(),
                   [](char digit) { return digit >= '0' && digit <= '9'; }))
    return bad("Content-Length is not a number");
  head.has_content_length = true;
  return std::nullopt;
}

/// What the connection loop itself must know.
std::optional<head_fault> note_field(const header_field& field, request_head& head) {
  if (equals_ignoring_case(field.name, "content-length"))
    return note_length(field.value, head);
  if (equals_ignoring_case(field.name, "host")) {
    if (head.has_host)
      return bad("there is more than one Host");
    head.has_host = true;
    head.host = field.value;
  } else if (equals_ignoring_case(field.name, "transfer-encoding")) {
    head.has_transfer_encoding = true;
  } else if (equals_ignoring_case(field.name, "connection")) {
    if (list_holds(field.value, "close"))
      head.keeps_connection = false;
    else if (head.is_http_1_0 && list_holds(field.value, "keep-alive"))
      head.keeps_connection = true;
  } else if (equals_ignoring_case(field.name, "expect")) {
    if (!equals_ignoring_case(field.value, "100-continue"))
      return head_fault{417, "expectation_failed", "only 'Expect: 100-continue' is known", 0, 0};
    head.expects_continue = !head.is_http_1_0;
  }
  return std::nullopt;
}

/// RFC 9112, 6.1: lengths that contradict each other are an attack, not a request.
std::optional<head_fault> check_framing(const request_head& head) {
  if (!head.has_host && !head.is_http_1_0)
    return bad("there is no Host");
  if (!head.has_transfer_encoding)
    return std::nullopt;
  if (head.has_content_length)
    return bad("there are both Content-Length and Transfer-Encoding");
  if (head.is_http_1_0)
    return bad("HTTP/1.0 has no Transfer-Encoding");
  auto coding = head.joined("transfer-encoding").value_or("");
  if (!equals_ignoring_case(coding, "chunked"))
    return head_fault{501, "not_implemented",
                      "no transfer coding is accepted; send a "
                      "Content-Length",
                      0, 0};
  return head_fault{411, "length_required",
                    "bodies in chunks are not accepted; send a "
                    "Content-Length",
                    0, 0};
}

} // namespace

std::size_t find_head_end(std::string_view input, std::size_t& scanned) {
  for (auto at = input.find('\n', scanned); at != std::string_view::npos;
       at = input.find('\n', at + 1)) {
    bool is_bare = at == 0 || input[at - 1] != '\r';
    bool is_empty_line = at >= 3 && input[at - 2] == '\n';
    if (is_bare || is_empty_line)
      return at + 1;
  }
  scanned = input.size();
  return 0;
}

std::optional<head_fault> check_head_size(std::string_view input) {
  // A method is at most a few bytes: what passes both together is a long target.
  if (input.size() > target_bytes_max + 64 && input.find('\n') == std::string_view::npos)
    return head_fault{414, "target_too_long", "the request target is too long", target_bytes_max,
                      input.size()};
  if (input.size() > limits::http_head_bytes_max)
    return head_fault{431, "head_too_large", "the request head is too large",
                      limits::http_head_bytes_max, input.size()};
  return std::nullopt;
}

std::optional<head_fault> parse_head(std::string_view bytes, request_head& into) {
  into.clear();
  if (auto fault = check_head_size(bytes))
    return fault;
  if (!bytes.ends_with("\r\n\r\n"))
    return bad("a line ends in a bare LF");
  bytes.remove_suffix(line_end.size()); // the empty line
  bool is_first = true;
  while (!bytes.empty()) {
    auto end = bytes.find(line_end);
    auto line = bytes.substr(0, end);
    bytes.remove_prefix(end + line_end.size());
    if (line.find_first_of("\r\n") != std::string_view::npos)
      return bad("a line ends in a bare CR or LF");
    if (is_first) {
      is_first = false;
      if (auto fault = parse_request_line(line, into))
        return fault;
      into.keeps_connection = !into.is_http_1_0;
      continue;
    }
    if (auto fault = parse_field(line, into))
      return fault;
    if (auto fault = note_field(into.fields.back(), into))
      return fault;
  }
  split_absolute_target(into);
  return check_framing(into);
}

} // namespace http
