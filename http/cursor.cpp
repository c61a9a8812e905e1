// SPDX-License-Identifier: Apache-2.0
#include "http/cursor.hpp"

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "http/percent.hpp"

namespace http {

namespace {

constexpr std::uint8_t cursor_format = 1;

/// Covers the range and the key, each with its length.
std::uint64_t checksum(const storage::scan_request& scan, std::string_view last_key) {
  base::bytes text;
  for (std::string_view part : {std::string_view(scan.prefix), std::string_view(scan.start),
                                std::string_view(scan.end), last_key}) {
    base::put_little(text, part.size());
    text.append(part);
  }
  return base::hash_of(text, cursor_format).high;
}

} // namespace

std::string encode_cursor(const storage::scan_request& scan, std::string_view last_key) {
  base::bytes raw;
  base::put_little(raw, cursor_format);
  base::put_little(raw, checksum(scan, last_key));
  raw.append(last_key);
  return to_base64url(raw);
}

std::optional<std::string> decode_cursor(const storage::scan_request& scan, std::string_view text) {
  base::bytes raw;
  if (!from_base64url(text, raw))
    return std::nullopt;
  base::byte_reader in(raw);
  auto format = in.little<std::uint8_t>();
  auto sum = in.little<std::uint64_t>();
  if (!in.ok() || format != cursor_format || sum != checksum(scan, in.rest()))
    return std::nullopt;
  return std::string(in.rest());
}

} // namespace http
