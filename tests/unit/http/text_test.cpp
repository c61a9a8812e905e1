// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "http/host_rule.hpp"
#include "http/percent.hpp"
#include "http/trace_context.hpp"
#include "tests/support/catch.hpp"

using http::percent_decode;

TEST_CASE("Percent-encoding is decoded, or refused where it is wrong") {
  CHECK(percent_decode("a%2Fb%00+", false).text == std::string("a/b\0+", 5));
  CHECK(percent_decode("a+b", true).text == "a b");
  CHECK(percent_decode("ab%4", false).bad_at == 2);
  CHECK(percent_decode("%zz", false).bad_at == 0);
  CHECK(percent_decode("abc%u0041", false).bad_at == 3);
  CHECK(percent_decode("%", false).bad_at == 0);
}

TEST_CASE("UTF-8 is recognised, with every way of being wrong") {
  CHECK(http::find_bad_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") == std::string::npos);
  for (std::string bad : {"\xc3", "\xc0\xaf", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xf5\x80\x80\x80", "\x80", "\xff", "\xe2\x82"})
    CHECK(http::find_bad_utf8("ok" + bad) == 2);
}

TEST_CASE("Base64 goes there and back, and takes one form only") {
  for (std::string bytes : {std::string(), std::string("f"), std::string("fo"), std::string("foo"),
                            std::string("\0\xff\xfe", 3)}) {
    std::string back;
    CHECK((http::from_base64(http::to_base64(bytes), back) && back == bytes));
    CHECK((http::from_base64url(http::to_base64url(bytes), back) && back == bytes));
  }
  CHECK(http::to_base64("fo") == "Zm8=");
  CHECK(http::to_base64url("\xff\xfe") == "__4");
  std::string out;
  for (const char* bad : {"Zm8", "Zm9=", "Z===", "Zm8=Zm8=", "Zm 8", "Z", "__4="})
    CHECK_FALSE(http::from_base64(bad, out));
  CHECK_FALSE(http::from_base64url("__5", out));
}

TEST_CASE("A trace context is taken over, or begun anew when it is malformed") {
  auto given = http::parse_traceparent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  REQUIRE(given);
  CHECK(given->to_header() == "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
  CHECK(http::parse_traceparent("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00-later"));
  for (const char* bad : {"", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
                          "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                          "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
                          "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"})
    CHECK_FALSE(http::parse_traceparent(bad));
}

TEST_CASE("Fresh traces differ") {
  http::trace_numbers numbers;
  auto one = numbers.fresh();
  auto other = numbers.fresh();
  CHECK(one.trace != other.trace);
  CHECK(one.span != 0);
}

TEST_CASE("The node answers to literals, localhost and the names it was given") {
  http::host_rule rule({"kv.example.com"});
  for (const char* host : {"127.0.0.1", "10.1.2.3:8080", "[::1]", "[::1]:8080", "localhost",
                           "LOCALHOST:1", "localhost.", "KV.example.com:443"})
    CHECK(rule.allows(host));
  for (const char* host :
       {"", "evil.example.com", "kv.example.com.evil.org", "127.0.0.1.evil.org", "[localhost]",
        "localhost:x", "localhost:123456", "[::1", "[::1]x", "127.1", "a:b:c", ":80"})
    CHECK_FALSE(rule.allows(host));
}

TEST_CASE("A page is of the same origin when host and port agree") {
  auto same = http::host_rule::is_same_origin;
  CHECK(same("http://localhost:8080", "localhost:8080"));
  CHECK(same("https://kv.example.com", "KV.example.com:443"));
  CHECK(same("http://127.0.0.1", "127.0.0.1:80"));
  for (const char* origin : {"null", "", "http://localhost:3000", "http://evil.org:8080",
                             "localhost:8080", "file://localhost:8080", "http://localhost:8080/x"})
    CHECK_FALSE(same(origin, "localhost:8080"));
}
