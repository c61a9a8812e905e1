// SPDX-License-Identifier: Apache-2.0
#include "storage/command.hpp"

#include "base/check.hpp"
#include "base/hash.hpp"
#include "tests/support/catch.hpp"

namespace {

using namespace storage;

command full_command() {
  return {{set_operation{"key", std::string("v\0\xff", 3)}, delete_operation{"\xc3\xa9"},
           set_operation{"empty", ""}},
          must_be_at{revision{7}}};
}

std::string problem_of_key(std::string_view key) {
  auto checked = check_key(key);
  return checked ? std::string() : base::to_string(checked.error());
}

std::string problem_of_bytes(base::byte_view bytes) {
  auto decoded = decode_command(bytes);
  if (decoded)
    return {};
  CHECK(decoded.error().code == base::errc::corrupt);
  return decoded.error().text;
}

} // namespace

TEST_CASE("a command has one form in bytes, for good") {
  CHECK(base::to_hex(base::byte_view(encode(full_command())))
        == "0102070000000000000003000000"
           "0103006b6579030000007600ff"
           "020200c3a9"
           "010500656d70747900000000");
}

TEST_CASE("a command that was encoded decodes to itself") {
  precondition wanted =
      GENERATE(precondition{}, precondition{must_be_absent{}}, precondition{must_exist{}},
               precondition{must_be_at{revision{UINT64_MAX}}});
  auto what = full_command();
  what.precondition = wanted;
  auto decoded = decode_command(encode(what));
  REQUIRE(decoded);
  CHECK(encode(*decoded) == encode(what));
  REQUIRE(decoded->operations.size() == 3);
  CHECK(std::get<set_operation>(decoded->operations[0]).value == std::string("v\0\xff", 3));
  CHECK(std::get<delete_operation>(decoded->operations[1]).key == "\xc3\xa9");
  CHECK(decoded->precondition.index() == wanted.index());
  CHECK(decoded->is_conditional() == (wanted.index() != 0));
}

TEST_CASE("a command that was cut short anywhere is corrupt") {
  auto bytes = encode(full_command());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    CHECK(problem_of_bytes(base::byte_view(bytes).substr(0, length)) != "");
  }
}

TEST_CASE("bytes that no command has are named with their place") {
  auto bytes = encode(full_command());
  CHECK_THAT(problem_of_bytes(bytes + "x"), matchers::ContainsSubstring("bytes follow"));
  bytes[0] = 9;
  CHECK_THAT(problem_of_bytes(bytes), matchers::ContainsSubstring("unknown format 9"));
  bytes[0] = 1;
  bytes[1] = 9;
  CHECK_THAT(problem_of_bytes(bytes), matchers::ContainsSubstring("unknown precondition"));
  bytes = encode(full_command());
  bytes[14] = 9;
  CHECK_THAT(problem_of_bytes(bytes), matchers::ContainsSubstring("operation 0 of 3"));
}

TEST_CASE("a count beyond the operations does not cost memory before it is found out") {
  CHECK(problem_of_bytes(std::string("\x01\x00\xff\xff\xff\xff", 6)) != "");
  CHECK(problem_of_bytes(std::string("\x01\x00\x00\x00\x00\x00", 6)) != "");
}

TEST_CASE("any single changed byte decodes to another command or not at all") {
  auto bytes = encode(full_command());
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    auto changed = bytes;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    auto decoded = decode_command(changed);
    if (decoded)
      CHECK(encode(*decoded) == changed);
  }
}

TEST_CASE("a key that cannot be stored is never encoded") {
  CHECK_THROWS_AS(encode({{delete_operation{""}}, {}}), base::invariant_violation);
  CHECK_THROWS_AS(encode({{set_operation{std::string("a\0b", 3), ""}}, {}}),
                  base::invariant_violation);
  CHECK_THROWS_AS(encode({{}, {}}), base::invariant_violation);
}

TEST_CASE("a key is 1 to 1024 bytes") {
  CHECK_THAT(problem_of_key(""), matchers::ContainsSubstring("empty"));
  CHECK(problem_of_key("k") == "");
  CHECK(problem_of_key(std::string(1024, 'k')) == "");
  CHECK_THAT(problem_of_key(std::string(1025, 'k')), matchers::StartsWith("limit"));
  CHECK_THAT(problem_of_key(std::string(1025, 'k')), matchers::ContainsSubstring("1025"));
  CHECK_THAT(problem_of_key(std::string(1025, 'k')), matchers::ContainsSubstring("1024"));
}

TEST_CASE("a key is UTF-8 without NUL", "[RFC 3629]") {
  for (const char* good : {"\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                           "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    CHECK(problem_of_key(good) == "");
  for (const char* bad :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80",
        "\xe2\x98", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"})
    CHECK_THAT(problem_of_key(bad), matchers::ContainsSubstring("UTF-8 at byte 0"));
  CHECK_THAT(problem_of_key("abc\xff"), matchers::ContainsSubstring("at byte 3"));
  CHECK_THAT(problem_of_key(std::string_view("ab\0", 3)),
             matchers::ContainsSubstring("NUL at byte 2"));
}
