// SPDX-License-Identifier: Apache-2.0
#include "http/trace_context.hpp"

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "trace/selection.hpp"

namespace http {

namespace {

/// Lower-case hexadecimal only, as the recommendation demands.
bool read_hex(std::string_view digits, std::uint8_t* out) {
  auto value = [](char digit) {
    if (digit >= '0' && digit <= '9')
      return digit - '0';
    return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
  };
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    int high = value(digits[i]);
    int low = value(digits[i + 1]);
    if (high < 0 || low < 0)
      return false;
    out[i / 2] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return true;
}

} // namespace

std::string trace_context::to_header() const {
  base::bytes raw;
  trace.append_to(raw);
  base::put_big(raw, span);
  base::put_big(raw, flags);
  auto digits = base::to_hex(raw);
  return "00-" + digits.substr(0, 32) + "-" + digits.substr(32, 16) + "-" + digits.substr(48, 2);
}

std::optional<trace_context> parse_traceparent(std::string_view header) {
  // version "-" trace "-" parent "-" flags; later versions may append "-…".
  constexpr std::size_t length = 2 + 1 + 32 + 1 + 16 + 1 + 2;
  if (header.size() < length || header[2] != '-' || header[35] != '-' || header[52] != '-')
    return std::nullopt;
  std::uint8_t version = 0;
  trace_context read;
  std::uint8_t parent[8];
  if (!read_hex(header.substr(0, 2), &version)
      || !read_hex(header.substr(3, 32), read.trace.octets.data())
      || !read_hex(header.substr(36, 16), parent) || !read_hex(header.substr(53, 2), &read.flags))
    return std::nullopt;
  if (version == 0xff || (version == 0 && header.size() != length)
      || (header.size() > length && header[length] != '-'))
    return std::nullopt;
  for (auto octet : parent)
    read.span = (read.span << 8) | octet;
  read.flags &= 1; // "sampled" is the only flag defined
  if (read.trace.is_nil() || read.span == 0)
    return std::nullopt;
  return read;
}

std::optional<base::uuid> parse_trace_id(std::string_view digits) {
  return trace::parse_trace_id(digits);
}

trace_numbers::trace_numbers() : state_(0) {
  for (auto octet : base::random_uuid().octets)
    state_ = (state_ << 8 | state_ >> 56) ^ octet;
}

std::uint64_t trace_numbers::fresh_span() {
  // SplitMix64 (Steele, Lea, Flood 2014).
  std::uint64_t mixed = (state_ += 0x9e3779b97f4a7c15);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
  mixed ^= mixed >> 31;
  return mixed == 0 ? 1 : mixed;
}

trace_context trace_numbers::fresh() {
  trace_context made;
  base::bytes raw;
  base::put_big(raw, fresh_span());
  base::put_big(raw, fresh_span());
  for (std::size_t i = 0; i < raw.size(); ++i)
    made.trace.octets[i] = static_cast<std::uint8_t>(raw[i]);
  made.span = fresh_span();
  return made;
}

} // namespace http
