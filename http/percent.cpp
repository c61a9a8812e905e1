// SPDX-License-Identifier: Apache-2.0
#include "http/percent.hpp"

#include <array>
#include <cstdint>

namespace http {

namespace {

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  if (digit >= 'a' && digit <= 'f')
    return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F')
    return digit - 'A' + 10;
  return -1;
}

constexpr std::string_view standard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_safe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::array<std::int8_t, 256> inverse(std::string_view alphabet) {
  std::array<std::int8_t, 256> table{};
  table.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}

std::string encode(std::string_view bytes, std::string_view alphabet, bool pads) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t window = 0;
  int bits = 0;
  for (char byte : bytes) {
    window = (window << 8) | static_cast<unsigned char>(byte);
    for (bits += 8; bits >= 6; bits -= 6)
      out.push_back(alphabet[(window >> (bits - 6)) & 63]);
  }
  if (bits > 0)
    out.push_back(alphabet[(window << (6 - bits)) & 63]);
  while (pads && out.size() % 4 != 0)
    out.push_back('=');
  return out;
}

bool decode(std::string_view text, const std::array<std::int8_t, 256>& table, std::string& out) {
  out.clear();
  out.reserve(text.size() / 4 * 3 + 3);
  std::uint32_t window = 0;
  int bits = 0;
  for (char letter : text) {
    auto value = table[static_cast<unsigned char>(letter)];
    if (value < 0)
      return false;
    window = (window << 6) | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out.push_back(static_cast<char>((window >> bits) & 0xff));
    }
  }
  // Left-over bits must be fewer than a letter's and zero: one form for each byte string.
  return bits < 6 && (window & ((1U << bits) - 1)) == 0;
}

} // namespace

decoded percent_decode(std::string_view text, bool plus_is_blank) {
  decoded result;
  result.text.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
      int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) {
        result.bad_at = i;
        return result;
      }
      result.text.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      result.text.push_back(plus_is_blank && text[i] == '+' ? ' ' : text[i]);
    }
  }
  return result;
}

std::size_t find_bad_utf8(std::string_view text) {
  std::size_t at = 0;
  auto is_between = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && static_cast<unsigned char>(text[i]) >= low
           && static_cast<unsigned char>(text[i]) <= high;
  };
  while (at < text.size()) {
    auto first = static_cast<unsigned char>(text[at]);
    std::size_t more = first < 0x80 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
    if (first >= 0x80 && (first < 0xc2 || first > 0xf4))
      return at;
    unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    for (std::size_t i = 1; i <= more; ++i)
      if (!is_between(at + i, i == 1 ? low : 0x80, i == 1 ? high : 0xbf))
        return at;
    at += more + 1;
  }
  return std::string_view::npos;
}

std::string to_base64(std::string_view bytes) {
  return encode(bytes, standard, true);
}

std::string to_base64url(std::string_view bytes) {
  return encode(bytes, url_safe, false);
}

bool from_base64(std::string_view text, std::string& out) {
  static constexpr auto table = inverse(standard);
  if (text.size() % 4 != 0)
    return false;
  for (int padding = 0; padding < 2 && !text.empty() && text.back() == '='; ++padding)
    text.remove_suffix(1);
  return decode(text, table, out);
}

bool from_base64url(std::string_view text, std::string& out) {
  static constexpr auto table = inverse(url_safe);
  return decode(text, table, out);
}

} // namespace http
