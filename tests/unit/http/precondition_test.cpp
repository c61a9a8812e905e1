// SPDX-License-Identifier: Apache-2.0
#include "http/precondition.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using matchers::ContainsSubstring;

TEST_CASE("Lists of entity tags are read as RFC 9110 writes them") {
  http::tag_list list;
  REQUIRE(http::parse_tags("\"1\" , W/\"x\",,\"\"", list));
  REQUIRE(list.tags.size() == 3);
  CHECK(list.tags[1].is_weak);
  for (const char* bad : {"", "1", "\"1", "*, \"1\"", "w/\"1\"", "\"1\" \"2\"", "\"a b\""}) {
    http::tag_list other;
    CHECK_FALSE(http::parse_tags(bad, other));
  }
}

TEST_CASE("If-Match lets a write through at its revision only") {
  running_server node;
  node.put("k", "one");
  CHECK(node.put("k", "two", "If-Match: \"1\"\r\n").status == 200);
  auto late = node.put("k", "three", "If-Match: \"1\"\r\n");
  CHECK(late.status == 412);
  CHECK_THAT(late.body,
             ContainsSubstring(R"("code":"precondition_failed","committed":"no","revision":2)"));
  CHECK(late.field("etag") == "\"2\"");
  CHECK(node.get("k").body == "two");
}

TEST_CASE("A tag that was never ours matches nothing, and says what is there") {
  running_server node;
  node.put("k", "v");
  for (const char* tag : {"\"abc\"", "\"01\"", "\"99999999999999999999999\"", "W/\"1\"", "\"0\""}) {
    auto refused = node.put("k", "w", "If-Match: " + std::string(tag) + "\r\n");
    CHECK(refused.status == 412);
    CHECK_THAT(refused.body, ContainsSubstring(R"("revision":1)"));
  }
}

TEST_CASE("If-Match: * needs a row, If-None-Match: * needs none") {
  running_server node;
  auto missing = node.put("k", "v", "If-Match: *\r\n");
  CHECK(missing.status == 412);
  CHECK_THAT(missing.body, ContainsSubstring(R"("revision":0)"));
  CHECK(node.put("k", "v", "If-None-Match: *\r\n").status == 200);
  CHECK(node.put("k", "w", "If-None-Match: *\r\n").status == 412);
  CHECK(node.put("k", "w", "If-Match: *\r\n").status == 200);
}

TEST_CASE("DELETE takes If-Match too") {
  running_server node;
  node.put("k", "v");
  CHECK(node.ask("DELETE", "/v1/kv/k", {}, "If-Match: \"9\"\r\n").status == 412);
  CHECK(node.ask("DELETE", "/v1/kv/k", {}, "If-Match: \"1\"\r\n").status == 200);
}

TEST_CASE("A precondition that cannot be kept is refused, not dropped") {
  running_server node;
  for (const char* fields :
       {"If-Match: 1\r\n", "If-Match: \"1\", \"2\"\r\n", "If-None-Match: \"1\"\r\n",
        "If-Match: *\r\nIf-None-Match: *\r\n", "If-Match:\r\n"})
    CHECK(node.put("k", "v", fields).status == 400);
  CHECK(
      node.ask("POST", "/v1/batch", R"({"operations":[{"delete":{"key":"k"}}]})", "If-Match: *\r\n")
          .status
      == 400);
  CHECK(node.gateway.requests() == 0);
}

TEST_CASE("A read that has the current revision is told so") {
  running_server node;
  node.put("k", "value");
  auto same = node.get("k", "If-None-Match: W/\"7\", W/\"1\"\r\n");
  CHECK(same.status == 304);
  CHECK(same.field("etag") == "\"1\"");
  CHECK(same.body.empty());
  CHECK(node.get("k", "If-None-Match: \"7\"\r\n").status == 200);
  CHECK(node.get("k", "If-None-Match: *\r\n").status == 304);
  CHECK(node.get("none", "If-None-Match: *\r\n").status == 404);
  CHECK(node.get("k", "If-Match: \"2\"\r\n").status == 412);
  CHECK(node.get("none", "If-Match: *\r\n").status == 412);
}
