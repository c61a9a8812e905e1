// SPDX-License-Identifier: Apache-2.0
#include "base/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace base {

namespace {

constexpr std::uint32_t reversed_polynomial = 0x82f63b78;

constexpr std::array<std::uint32_t, 256> make_table() {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    auto value = byte;
    for (int bit = 0; bit < 8; ++bit)
      value = (value >> 1) ^ ((value & 1) != 0 ? reversed_polynomial : 0);
    table[byte] = value;
  }
  return table;
}

constexpr auto table = make_table();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t crc32c_by_instruction(byte_view input,
                                                                      std::uint32_t seed) {
  std::uint64_t state = seed ^ 0xffffffffu;
  const char* at = input.data();
  auto left = input.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    state = _mm_crc32_u64(state, word);
  }
  auto narrow = static_cast<std::uint32_t>(state);
  for (; left > 0; --left, ++at)
    narrow = _mm_crc32_u8(narrow, static_cast<unsigned char>(*at));
  return narrow ^ 0xffffffffu;
}
#endif

} // namespace

std::uint32_t crc32c_by_table(byte_view input, std::uint32_t seed) {
  auto state = seed ^ 0xffffffffu;
  for (char byte : input)
    state = table[(state ^ static_cast<unsigned char>(byte)) & 0xff] ^ (state >> 8);
  return state ^ 0xffffffffu;
}

std::uint32_t crc32c(byte_view input, std::uint32_t seed) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction)
    return crc32c_by_instruction(input, seed);
#endif
  return crc32c_by_table(input, seed);
}

} // namespace base
