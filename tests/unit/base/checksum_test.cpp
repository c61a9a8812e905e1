// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <string>

#include "base/crc32c.hpp"
#include "base/hash.hpp"
#include "tests/support/catch.hpp"

namespace {

std::string ascending(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i)
    bytes.push_back(static_cast<char>(i));
  return bytes;
}

} // namespace

TEST_CASE("CRC-32C gives the published answers", "[base][RFC 3720 B.4]") {
  CHECK(base::crc32c("") == 0);
  CHECK(base::crc32c("123456789") == 0xE3069283);
  CHECK(base::crc32c(std::string(32, '\0')) == 0x8A9136AA);
  CHECK(base::crc32c(std::string(32, '\xff')) == 0x62A8AB43);
  auto bytes = ascending(32);
  CHECK(base::crc32c(bytes) == 0x46DD794E);
  CHECK(base::crc32c(std::string(bytes.rbegin(), bytes.rend())) == 0x113FDB5C);
}

TEST_CASE("the instruction and the table agree at every length and alignment", "[base]") {
  auto bytes = ascending(300);
  for (std::size_t first = 0; first < 9; ++first)
    for (std::size_t size = 0; size < 200; ++size) {
      auto piece = base::byte_view(bytes).substr(first, size);
      REQUIRE(base::crc32c(piece) == base::crc32c_by_table(piece));
    }
}

TEST_CASE("a checksum goes on where another ended", "[base]") {
  auto whole = ascending(100);
  for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
    auto first = base::byte_view(whole).substr(0, cut);
    auto second = base::byte_view(whole).substr(cut);
    REQUIRE(base::crc32c(second, base::crc32c(first)) == base::crc32c(whole));
    REQUIRE(base::crc32c_by_table(second, base::crc32c_by_table(first)) == base::crc32c(whole));
  }
}

TEST_CASE("every single flipped bit changes the checksum", "[base]") {
  auto bytes = ascending(64);
  auto sound = base::crc32c(bytes);
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    REQUIRE(base::crc32c(flipped) != sound);
  }
}

TEST_CASE("the hash is XXH3 with 128 bits", "[base]") {
  CHECK(base::to_hex(base::hash_of("")) == "99aa06d3014798d86001c324468d497f");
  CHECK_FALSE(base::hash_of("a") == base::hash_of("b"));
  CHECK_FALSE(base::hash_of("a", 1) == base::hash_of("a", 2));
}

TEST_CASE("a hash is stored high half first and reads back", "[base]") {
  base::hash128 hash{0x0102030405060708, 0x090a0b0c0d0e0f10};
  base::bytes stored;
  hash.append_to(stored);
  CHECK(base::to_hex(base::byte_view(stored)) == "0102030405060708090a0b0c0d0e0f10");
  base::byte_reader reader(stored);
  CHECK(base::hash128::read_from(reader) == hash);
  CHECK(reader.at_end());
}

TEST_CASE("a hash's hexadecimal form reads back, and nothing else does", "[base]") {
  base::hash128 hash{0xfedcba9876543210, 1};
  CHECK(base::hash128_from_hex(base::to_hex(hash)) == hash);
  CHECK_FALSE(base::hash128_from_hex(""));
  CHECK_FALSE(base::hash128_from_hex(std::string(31, '0')));
  CHECK_FALSE(base::hash128_from_hex(std::string(33, '0')));
  CHECK_FALSE(base::hash128_from_hex(std::string(31, '0') + "g"));
  CHECK_FALSE(base::hash128_from_hex("-" + std::string(31, '0')));
}
