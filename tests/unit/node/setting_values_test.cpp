// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "node/setting_values.hpp"
#include "tests/support/catch.hpp"

using namespace std::chrono_literals;
using namespace node;

TEST_CASE("sizes are read with their units, in powers of 1024", "[settings]") {
  CHECK(parse_byte_size("64MB")->bytes == 64 * 1048576);
  CHECK(parse_byte_size("64MiB")->bytes == 64 * 1048576);
  CHECK(parse_byte_size("64 mb")->bytes == 64 * 1048576);
  CHECK(parse_byte_size("1KB")->bytes == 1024);
  CHECK(parse_byte_size("3GB")->bytes == 3ULL << 30);
  CHECK(parse_byte_size("1TB")->bytes == 1ULL << 40);
  CHECK(parse_byte_size("0B")->bytes == 0);
}

TEST_CASE("what is no size is refused", "[settings]") {
  auto text = GENERATE("", "64", "MB", "-1MB", "1.5MB", "64  MB", "64XB", "9999999999999GB",
                       "99999999999999999999B", "1MB ");
  CAPTURE(text);
  CHECK_FALSE(parse_byte_size(text));
}

TEST_CASE("times are read with their units", "[settings]") {
  CHECK(*parse_duration("150ms") == 150ms);
  CHECK(*parse_duration("5s") == 5s);
  CHECK(*parse_duration("10m") == 10min);
  CHECK(*parse_duration("1h") == 1h);
}

TEST_CASE("what is no time is refused", "[settings]") {
  auto text = GENERATE("", "5", "s", "-5s", "0.5s", "5 d", "99999999999999999h");
  CAPTURE(text);
  CHECK_FALSE(parse_duration(text));
}

TEST_CASE("sizes and times are printed as they are read", "[settings]") {
  for (std::string text : {"64MB", "1KB", "1025B", "3GB", "1536MB"})
    CHECK(to_string(*parse_byte_size(text)) == text);
  for (std::string text : {"150ms", "5s", "90s", "10m", "1h", "0ms"})
    CHECK(to_string(*parse_duration(text)) == text);
}

TEST_CASE("addresses are read and printed the same", "[settings]") {
  auto text = GENERATE("127.0.0.1:8080", "[::1]:8080", "localhost:1", "db-1.example:65535");
  auto parsed = parse_endpoint(text);
  REQUIRE(parsed);
  CHECK(to_string(*parsed) == text);
}

TEST_CASE("what is no address is refused", "[settings]") {
  auto text = GENERATE("", "8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0",
                       "127.0.0.1:65536", "1.2.3:80", "::1:80", "[1.2.3.4]:80", "a b:80",
                       "http://a:80", "-a:80", "127.0.0.1:80x");
  CAPTURE(text);
  CHECK_FALSE(parse_endpoint(text));
}

TEST_CASE("a daily window may pass midnight", "[settings]") {
  auto day = *parse_daily_window("02:00-04:30");
  CHECK(day.contains(2h));
  CHECK(day.contains(4h + 29min));
  CHECK_FALSE(day.contains(4h + 30min));
  auto night = *parse_daily_window("23:00-01:00");
  CHECK(night.contains(23h + 30min));
  CHECK(night.contains(30min));
  CHECK_FALSE(night.contains(12h));
  CHECK(to_string(night) == "23:00-01:00");
}

TEST_CASE("what is no daily window is refused", "[settings]") {
  auto text = GENERATE("2:00-4:00", "02:00", "02:00-", "24:00-01:00", "02:60-03:00", "02:00-02:00",
                       "02:00-04:00-05:00");
  CAPTURE(text);
  CHECK_FALSE(parse_daily_window(text));
}

TEST_CASE("a member is an id and an address", "[settings]") {
  auto parsed = parse_member("3=10.0.0.3:8082");
  REQUIRE(parsed);
  CHECK(parsed->id == 3);
  CHECK(parsed->raft_addr.port == 8082);
  for (const char* text : {"", "3", "0=a:1", "x=a:1", "3=a", "=a:1"})
    CHECK_FALSE(parse_member(text));
}
