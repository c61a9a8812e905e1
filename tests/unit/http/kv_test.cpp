// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using matchers::ContainsSubstring;

TEST_CASE("A value is given back byte for byte, with its revision as entity tag") {
  running_server node;
  std::string value("\0\xff\r\n\r\n", 6);
  auto put = node.put("photo", value);
  CHECK(put.status == 200);
  CHECK(put.body == R"({"revision":1})");
  auto got = node.get("photo");
  CHECK(got.status == 200);
  CHECK(got.body == value);
  CHECK(got.field("etag") == "\"1\"");
  CHECK(got.field("content-type") == "application/octet-stream");
  CHECK(got.field("x-aspen-served-by") == "1");
  CHECK(got.field("cache-control") == "no-store");
}

TEST_CASE("A key may hold whatever a path can encode") {
  running_server node;
  CHECK(node.put("a%2Fb/c%20%C3%A9%0A", "x").status == 200);
  CHECK(node.get("a%2fb%2Fc%20%c3%a9%0a").body == "x");
}

TEST_CASE("A key that is not there is 404") {
  running_server node;
  auto got = node.get("nobody");
  CHECK(got.status == 404);
  CHECK_THAT(got.body, ContainsSubstring(R"("code":"key_not_found")"));
}

TEST_CASE("Deleting says whether there was something to delete") {
  running_server node;
  node.put("k", "v");
  CHECK(node.ask("DELETE", "/v1/kv/k").body == R"({"revision":2,"deleted":true})");
  CHECK(node.ask("DELETE", "/v1/kv/k").body == R"({"revision":3,"deleted":false})");
}
