// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"

#include "tools/aspenctl/encoding.hpp"
#include "tools/aspenctl/endpoint.hpp"
#include "tools/aspenctl/printer.hpp"
#include "tools/aspenctl/supervisor_commands.hpp"

using namespace aspenctl;

TEST_CASE("bytes survive base64", "[tools]") {
  for (std::string bytes : {"", "f", "fo", "foo", "foob", "\xff\xfe\xfd\xfc"})
    CHECK(from_base64(to_base64(bytes)) == bytes);
  CHECK(to_base64("fooba") == "Zm9vYmE=");
}

TEST_CASE("what is no base64 is refused", "[tools]") {
  for (const char* text : {"Zg=", "Zg", "Z===", "Zg==Zg==", "Z!==", "====", "Zm9v\n"})
    CHECK_FALSE(from_base64(text).has_value());
}

TEST_CASE("UTF-8 is told from other bytes", "[tools]") {
  for (const char* text : {"", "plain",
                           "gr\xc3\xb6\xc3\x9f"
                           "e",
                           "\xe2\x82\xac", "\xf0\x9f\x8c\xb2"})
    CHECK(is_utf8(text));
  // A lone continuation, a cut and an overlong form, a surrogate, beyond U+10FFFF.
  for (const char* text :
       {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"})
    CHECK_FALSE(is_utf8(text));
}

TEST_CASE("a key's bytes stay apart from the path", "[tools]") {
  CHECK(percent_encode("a/b c%?#\xc3\xb6~.-_") == "a%2Fb%20c%25%3F%23%C3%B6~.-_");
  CHECK_FALSE(why_no_key(std::string(1024, 'k')));
  CHECK(why_no_key(std::string(1025, 'k')));
  CHECK(why_no_key(""));
}

TEST_CASE("an endpoint is a host and a port", "[tools]") {
  for (auto [text, url] : {std::pair("http://localhost:80", "http://localhost:80"),
                           {"127.0.0.1:8080", "http://127.0.0.1:8080"},
                           {"http://[::1]:8080/", "http://[::1]:8080"}}) {
    auto parsed = parse_endpoint(text);
    REQUIRE(parsed);
    CHECK(parsed->url() == url);
  }
  for (const char* text :
       {"", ":80", "host", "host:", "host:0", "host:65536", "host:8o", "[::1]", "::1:80",
        "https://host:80", "http://host:80/path", "user@host:80", "host:80?x"})
    CHECK_FALSE(parse_endpoint(text));
}

TEST_CASE("a time span has a unit and is positive", "[tools]") {
  CHECK(parse_span("500ms")->count() == 500);
  CHECK(parse_span("5s")->count() == 5000);
  CHECK(parse_span("2m")->count() == 120000);
  for (const char* text : {"", "5", "s", "0s", "-1s", "1h", "5 s", "9999999999999999999s"})
    CHECK_FALSE(parse_span(text));
}

TEST_CASE("a span is told in its two largest units", "[tools]") {
  constexpr std::uint64_t second = 1000;
  constexpr auto minute = 60 * second;
  constexpr auto hour = 60 * minute;
  CHECK(span_text(0) == "0ms");
  CHECK(span_text(999) == "999ms");
  CHECK(span_text(second) == "1s");
  CHECK(span_text(59 * second + 999) == "59s");
  CHECK(span_text(3 * minute + 5 * second) == "3m05s");
  CHECK(span_text(5 * hour + 2 * minute) == "5h02m");
  CHECK(span_text(4 * 24 * hour + 3 * hour) == "4d03h");
}

TEST_CASE("a table's columns are as wide as their characters", "[tools]") {
  text_table table({"NAME", "VALUE"});
  table.add({"gr\xc3\xb6\xc3\x9f"
             "e",
             "1"});
  table.add({"x", "2"});
  CHECK(table.to_string()
        == "NAME   VALUE\ngr\xc3\xb6\xc3\x9f"
           "e  1\nx      2\n");
}

TEST_CASE("no text of a node moves the cursor of the terminal", "[tools]") {
  CHECK(as_cell("\x1b[2Jx\n") == "?[2Jx?");
  CHECK(as_cell("") == "-");
}
