// SPDX-License-Identifier: Apache-2.0
#include <cstdint>

#include "base/bytes.hpp"
#include "base/hash.hpp"
#include "tests/support/catch.hpp"

namespace {

std::string hex(const base::bytes& raw) {
  return base::to_hex(base::byte_view(raw));
}

} // namespace

TEST_CASE("numbers are written least or most significant byte first", "[base]") {
  base::bytes out;
  base::put_little(out, std::uint32_t{0x01020304});
  base::put_big(out, std::uint32_t{0x01020304});
  base::put_little(out, std::uint8_t{0xff});
  base::put_big(out, std::uint64_t{1});
  CHECK(hex(out) == "0403020101020304ff0000000000000001");
}

TEST_CASE("what was written reads back", "[base]") {
  base::bytes out;
  base::put_little(out, std::uint16_t{0xabcd});
  base::put_big(out, std::uint64_t{0xfedcba9876543210});
  out += "tail";
  base::byte_reader in(out);
  CHECK(in.little<std::uint16_t>() == 0xabcd);
  CHECK(in.big<std::uint64_t>() == 0xfedcba9876543210);
  CHECK(in.take(4) == "tail");
  CHECK(in.at_end());
}

TEST_CASE("byte order is number order for what is written big", "[base]") {
  base::bytes small;
  base::bytes large;
  base::put_big(small, std::uint64_t{255});
  base::put_big(large, std::uint64_t{256});
  CHECK(small < large);
}

TEST_CASE("a read past the end yields zeros and is remembered", "[base]") {
  base::byte_reader in(base::byte_view("\x01\x02\x03", 3));
  CHECK(in.little<std::uint32_t>() == 0);
  CHECK_FALSE(in.ok());
  CHECK(in.little<std::uint8_t>() == 0);
  CHECK(in.take(0).empty());
  CHECK_FALSE(in.ok());
  CHECK_FALSE(in.at_end());
}

TEST_CASE("bytes that are left over are not the end", "[base]") {
  base::byte_reader in("ab");
  in.little<std::uint8_t>();
  CHECK(in.ok());
  CHECK_FALSE(in.at_end());
  CHECK(in.rest() == "b");
}
