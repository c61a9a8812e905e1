// SPDX-License-Identifier: Apache-2.0
#include "base/hash.hpp"

#include <charconv>

#include <xxhash.h>

namespace base {

void hash128::append_to(bytes& out) const {
  put_big(out, high);
  put_big(out, low);
}

hash128 hash128::read_from(byte_reader& in) {
  auto first = in.big<std::uint64_t>();
  auto second = in.big<std::uint64_t>();
  return {first, second};
}

hash128 hash_of(byte_view input, std::uint64_t seed) {
  auto hash = XXH3_128bits_withSeed(input.data(), input.size(), seed);
  return {hash.high64, hash.low64};
}

std::string to_hex(const hash128& hash) {
  bytes raw;
  hash.append_to(raw);
  return to_hex(byte_view(raw));
}

std::optional<hash128> hash128_from_hex(std::string_view text) {
  if (text.size() != 32)
    return std::nullopt;
  auto half = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (failure != std::errc{} || end != digits.data() + digits.size())
      return std::nullopt;
    return value;
  };
  auto high = half(text.substr(0, 16));
  auto low = half(text.substr(16));
  if (!high || !low)
    return std::nullopt;
  return hash128{*high, *low};
}

std::string to_hex(byte_view input) {
  constexpr char digits[] = "0123456789abcdef";
  std::string text;
  text.reserve(input.size() * 2);
  for (char byte : input) {
    text.push_back(digits[static_cast<unsigned char>(byte) >> 4]);
    text.push_back(digits[static_cast<unsigned char>(byte) & 15]);
  }
  return text;
}

} // namespace base
