// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "http/cursor.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using nlohmann::json;

namespace {

json scan(running_server& node, const std::string& query) {
  auto got = node.ask("GET", "/v1/kv" + query);
  REQUIRE(got.status == 200);
  return json::parse(got.body);
}

std::vector<std::string> keys(const json& page) {
  std::vector<std::string> all;
  for (const auto& item : page["items"])
    all.push_back(item["key"]);
  return all;
}

} // namespace

TEST_CASE("A scan gives rows in order, text as text and bytes as base64") {
  running_server node;
  node.gateway.put("b", "\xff");
  node.gateway.put("a", "x");
  auto page = scan(node, "");
  CHECK(
      page.dump()
      == R"({"items":[{"create_revision":2,"key":"a","mod_revision":2,"value":"x","version":1},)"
         R"({"create_revision":1,"key":"b","mod_revision":1,"value_base64":"/w==","version":1}]})");
  CHECK_FALSE(page.contains("cursor"));
}

TEST_CASE("Pages follow each other by their cursors until the last has none") {
  running_server node;
  for (int i = 0; i < 7; ++i)
    node.gateway.put("k\xc3\xa9/" + std::to_string(i), "v");
  node.gateway.put("other", "v");
  std::vector<std::string> all;
  std::string cursor;
  int pages = 0;
  do {
    auto page =
        scan(node, "?prefix=k%C3%A9%2F&limit=3" + (cursor.empty() ? "" : "&cursor=" + cursor));
    for (const auto& key : keys(page))
      all.push_back(key);
    cursor = page.value("cursor", "");
    CHECK(
        cursor.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        == std::string::npos);
    ++pages;
  } while (!cursor.empty());
  CHECK(pages == 3);
  CHECK(all.size() == 7);
}

TEST_CASE("A scan takes a range, and keys alone") {
  running_server node;
  for (const char* key : {"a", "b", "c", "d"})
    node.gateway.put(key, "v");
  CHECK(keys(scan(node, "?start=b&end=d")) == std::vector<std::string>{"b", "c"});
  CHECK_FALSE(scan(node, "?keys_only=true")["items"][0].contains("value"));
  CHECK_FALSE(scan(node, "?keys_only")["items"][0].contains("value"));
  CHECK(scan(node, "?keys_only=false")["items"][0].contains("value"));
  CHECK(scan(node, "?prefix=nothing").dump() == R"({"items":[]})");
}

TEST_CASE("A scan that is not understood is refused") {
  running_server node;
  for (const char* query :
       {"?limit=0", "?limit=1001", "?limit=x", "?keys_only=perhaps", "?prefix=%ff", "?start=%00",
        "?cursor=abc", "?cursor=", "?order=desc", "?consistency=x"})
    CHECK(node.ask("GET", "/v1/kv" + std::string(query)).status == 400);
  CHECK(node.ask("GET", "/v1/kv?prefix=" + std::string(1025, 'k')).status == 413);
}

TEST_CASE("A cursor is good for its own range only, and only whole") {
  storage::scan_request scan;
  scan.prefix = "p";
  auto cursor = http::encode_cursor(scan, "p/key");
  CHECK(http::decode_cursor(scan, cursor) == "p/key");
  auto other = scan;
  other.prefix = "q";
  CHECK_FALSE(http::decode_cursor(other, cursor));
  CHECK_FALSE(http::decode_cursor(scan, cursor.substr(0, cursor.size() - 1)));
  cursor[3] = cursor[3] == 'A' ? 'B' : 'A';
  CHECK_FALSE(http::decode_cursor(scan, cursor));
}
