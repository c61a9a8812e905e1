// SPDX-License-Identifier: Apache-2.0
#include "tools/common/encoding.hpp"

#include <algorithm>
#include <cstdint>

#include "base/limits.hpp"

namespace tools {

namespace {

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'
         || c == '.' || c == '_' || c == '~';
}

constexpr std::string_view base64_digits =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_digit(char c) {
  auto at = base64_digits.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

/// How long the character is that `lead` begins, and the bits of it that count; length 0 for no lead byte.
struct lead_byte {
  std::size_t length;
  std::uint32_t bits;
  std::uint32_t smallest; ///< below it a shorter form exists
};

lead_byte read_lead(unsigned char lead) {
  if (lead < 0x80)
    return {1, lead, 0};
  if ((lead & 0xe0) == 0xc0)
    return {2, lead & 0x1fU, 0x80};
  if ((lead & 0xf0) == 0xe0)
    return {3, lead & 0x0fU, 0x800};
  if ((lead & 0xf8) == 0xf0)
    return {4, lead & 0x07U, 0x10000};
  return {0, 0, 0};
}

} // namespace

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string made;
  made.reserve(text.size());
  for (char c : text) {
    if (is_unreserved(c)) {
      made.push_back(c);
      continue;
    }
    auto byte = static_cast<unsigned char>(c);
    made.push_back('%');
    made.push_back(digits[byte >> 4]);
    made.push_back(digits[byte & 15]);
  }
  return made;
}

std::string to_base64(std::string_view bytes) {
  std::string made;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    auto count = std::min<std::size_t>(3, bytes.size() - i);
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 3; ++j)
      bits = (bits << 8) | (j < count ? static_cast<unsigned char>(bytes[i + j]) : 0U);
    for (std::size_t j = 0; j < 4; ++j)
      made.push_back(j <= count ? base64_digits[(bits >> (18 - 6 * j)) & 63] : '=');
  }
  return made;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0)
    return std::nullopt;
  std::string made;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    bool is_last = i + 4 == text.size();
    std::size_t padding = !is_last ? 0 : text[i + 2] == '=' ? 2 : text[i + 3] == '=' ? 1 : 0;
    std::uint32_t bits = 0;
    for (std::size_t j = 0; j < 4; ++j) {
      int digit = j + padding >= 4 ? (text[i + j] == '=' ? 0 : -1) : base64_digit(text[i + j]);
      if (digit < 0)
        return std::nullopt;
      bits = (bits << 6) | static_cast<std::uint32_t>(digit);
    }
    for (std::size_t j = 0; j + padding < 3; ++j)
      made.push_back(static_cast<char>((bits >> (16 - 8 * j)) & 0xff));
  }
  return made;
}

bool is_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    auto lead = read_lead(static_cast<unsigned char>(text[at]));
    if (lead.length == 0 || at + lead.length > text.size())
      return false;
    auto code = lead.bits;
    for (std::size_t i = 1; i < lead.length; ++i) {
      auto next = static_cast<unsigned char>(text[at + i]);
      if ((next & 0xc0) != 0x80)
        return false;
      code = (code << 6) | (next & 0x3fU);
    }
    if (code < lead.smallest || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
      return false;
    at += lead.length;
  }
  return true;
}

std::optional<std::string> why_no_key(std::string_view key) {
  if (key.empty())
    return "the key is empty";
  if (key.size() > base::limits::key_bytes_max)
    return "the key has " + std::to_string(key.size()) + " bytes; at most "
           + std::to_string(base::limits::key_bytes_max) + " are allowed";
  if (!is_utf8(key))
    return "the key is not UTF-8";
  return std::nullopt;
}

} // namespace tools
