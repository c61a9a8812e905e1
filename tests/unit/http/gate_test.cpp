// SPDX-License-Identifier: Apache-2.0
#include "base/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using matchers::ContainsSubstring;

TEST_CASE("Unknown paths are 404, known ones with another method 405") {
  running_server node;
  CHECK(node.ask("GET", "/nowhere").status == 404);
  CHECK(node.ask("GET", "/v1/kvx").status == 404);
  CHECK(node.ask("GET", "/V1/kv/a").status == 404);
  CHECK(node.ask("GET", "/v1%2Fkv/a").status == 404);
  auto wrong = node.ask("POST", "/v1/kv/a", "x");
  CHECK(wrong.status == 405);
  CHECK(wrong.field("allow") == "PUT, GET, HEAD, DELETE");
  for (const char* method : {"OPTIONS", "TRACE", "PATCH", "CONNECT", "BREW", "get"})
    CHECK(node.ask(method, "/v1/kv/a").status == 405);
  CHECK(node.ask("DELETE", "/health").field("allow") == "GET, HEAD");
}

TEST_CASE("Requests meant for another host, or sent by another's page, are refused") {
  running_server node([](http::settings& s) { s.allowed_hosts = {"kv.example.com"}; });
  auto ask = [&](const std::string& fields) {
    return node.connect().ask("GET /version HTTP/1.1\r\n" + fields + "\r\n").status;
  };
  CHECK(ask("Host: evil.example.com\r\n") == 421);
  CHECK(ask("Host:\r\n") == 421);
  CHECK(ask("Host: kv.example.com:1\r\n") == 200);
  CHECK(ask("Host: localhost:1\r\nOrigin: http://localhost:1\r\n") == 200);
  CHECK(ask("Host: localhost:1\r\nOrigin: http://evil.example.com\r\n") == 403);
  CHECK(ask("Host: localhost:1\r\nOrigin: null\r\n") == 403);
  CHECK(node.ask("PUT", "/v1/kv/a", "x", "Sec-Fetch-Site: cross-site\r\n").status == 403);
}

TEST_CASE("Bodies need a length where they are needed, and no meaning where they are not") {
  running_server node;
  auto raw = [&](const std::string& bytes) { return node.connect().ask(bytes); };
  CHECK(raw("PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 411);
  CHECK(raw("POST /v1/batch HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 411);
  CHECK(
      raw("PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
          .status
      == 411);
  CHECK(raw("POST /admin/shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 202);
  CHECK(node.ask("GET", "/v1/kv/a", "body").status == 400);
  CHECK(node.ask("DELETE", "/v1/kv/a", "ignored").status == 200);
}

TEST_CASE("A body over its limit is 413 with both numbers, and is not waited for") {
  running_server node;
  auto too_long = node.connect().ask(
      "PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1048577\r\n\r\n");
  CHECK(too_long.status == 413);
  CHECK_THAT(too_long.body, ContainsSubstring(R"("limit":1048576,"actual":1048577)"));
  CHECK(too_long.field("connection") == "close");
  CHECK(node.connect().ask("POST /v1/batch HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n").status == 400);
  CHECK(node.connect()
            .ask("POST /v1/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4194305\r\n\r\n")
            .status
        == 413);
  CHECK(node.put("a", std::string(base::limits::value_bytes_max, 'x')).status == 200);
  CHECK(node.get("a").body.size() == base::limits::value_bytes_max);
}

TEST_CASE("A client that sends all of a refused body still reads why") {
  running_server node;
  auto client = node.connect();
  client.send("PUT /v1/kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3145728\r\n\r\n");
  client.send(std::string(3145728, 'x'));
  CHECK(client.receive().status == 413);
  CHECK(client.is_closed());
}

TEST_CASE("Codings of bodies are 415, an idempotency key is 501") {
  running_server node;
  CHECK(node.put("a", "x", "Content-Encoding: gzip\r\n").status == 415);
  CHECK(node.put("a", "x", "Content-Encoding: identity\r\n").status == 200);
  CHECK(node.put("a", "x", "Content-Type: multipart/form-data; boundary=x\r\n").status == 415);
  CHECK(
      node.put("a", std::string(20000, 'x'), "Content-Type: application/x-www-form-urlencoded\r\n")
          .status
      == 200);
  auto keyed = node.put("a", "x", "Idempotency-Key: 1\r\n");
  CHECK(keyed.status == 501);
  CHECK_THAT(keyed.body, ContainsSubstring(R"("committed":"no")"));
}

TEST_CASE("A client that expects 100-continue gets it, or its refusal, before it sends") {
  running_server node;
  auto client = node.connect();
  auto put = [](const char* path, const char* length) {
    return "PUT " + std::string(path)
           + " HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: " + length
           + "\r\n\r\n";
  };
  CHECK(client.ask(put("/v1/kv/a", "3")).status == 100);
  CHECK(client.ask("abc").status == 200);
  CHECK(node.get("a").body == "abc");
  auto refused = node.connect();
  CHECK(refused.ask(put("/nowhere", "3")).status == 404);
  CHECK(refused.is_closed());
  CHECK(node.connect().ask(put("/v1/kv/a", "9999999")).status == 413);
}

TEST_CASE("Keys are checked, with the place of what is wrong") {
  running_server node;
  CHECK(node.put("", "x").status == 400);
  CHECK(node.put("a%00b", "x").status == 400);
  CHECK(node.put("%ff", "x").status == 400);
  auto bad = node.put("ab%zz", "x");
  CHECK(bad.status == 400);
  CHECK_THAT(bad.body, ContainsSubstring(R"("code":"bad_encoding")"));
  CHECK_THAT(bad.body, ContainsSubstring(R"("position":9)"));
  auto long_key = node.put(std::string(1025, 'k'), "x");
  CHECK(long_key.status == 413);
  CHECK_THAT(long_key.body, ContainsSubstring(R"("limit":1024,"actual":1025)"));
  CHECK(node.get(std::string(1025, 'k')).status == 413);
  std::string escaped;
  for (int i = 0; i < 1024; ++i)
    escaped += "%6b";
  CHECK(node.put(escaped, "x").status == 200);
  CHECK(node.get(std::string(1024, 'k')).status == 200);
}

TEST_CASE("A query is understood in full, or refused") {
  running_server node;
  node.put("k", "v");
  CHECK(node.get("k?consistency=stale&min_index=1").status == 200);
  CHECK(node.get("k?consistency=weak").status == 400);
  CHECK(node.get("k?consistancy=stale").status == 400);
  CHECK(node.get("k?min_index=-1").status == 400);
  CHECK(node.get("k?min_index=1&min_index=2").status == 400);
  CHECK(node.get("k?min_index=%4").status == 400);
  CHECK(node.put("k?x=1", "v").status == 400);
}

TEST_CASE("The admin listener serves everything but data") {
  running_server node;
  CHECK(node.ask_admin("GET", "/version").status == 200);
  CHECK(node.ask_admin("GET", "/v1/kv/k").status == 404);
  CHECK(node.ask_admin("GET", "/v1/kv").status == 404);
  CHECK(node.ask_admin("POST", "/v1/batch").status == 404);
}

TEST_CASE("A backup waits until what was acknowledged is applied, unless it may be stale") {
  running_server node;
  int asked = 0;
  node.gateway.on_inspect = [&asked](actors::inspection& what) {
    ++asked;
    std::get<actors::backup_now>(what).reply.refuse({actors::failure_code::overloaded,
                                                     actors::commit_status::no,
                                                     "too much is written",
                                                     0,
                                                     0,
                                                     {}});
  };
  node.gateway.fail_with(
      actors::failure{actors::failure_code::not_leader, actors::commit_status::no, "no leader"});
  auto refused = node.ask_admin("GET", "/admin/backup");
  CHECK(refused.status == 503);
  CHECK_THAT(refused.body, ContainsSubstring("consistency=stale"));
  CHECK(asked == 0);
  CHECK(node.ask_admin("GET", "/admin/backup?consistency=stale").status == 429);
  CHECK(asked == 1);
  CHECK(node.ask_admin("GET", "/admin/backup?min_index=1").status == 400);
  CHECK(node.ask_admin("HEAD", "/admin/backup").status == 405);
}

TEST_CASE("A trace is continued, and every answer names it") {
  running_server node;
  auto given =
      node.get("k", "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n");
  CHECK_THAT(given.field("traceparent"), ContainsSubstring("00-0af7651916cd43dd8448eb211c80319c-"));
  CHECK_THAT(given.field("traceparent"), !ContainsSubstring("b7ad6b7169203331"));
  CHECK(node.get("k", "traceparent: nonsense\r\n").field("traceparent").size() == 55);
}

TEST_CASE("HEAD is GET without the body") {
  running_server node;
  node.put("k", "value");
  auto head = node.ask("HEAD", "/v1/kv/k");
  CHECK(head.status == 200);
  CHECK(head.field("content-length") == "5");
  CHECK(node.ask("HEAD", "/livez").status == 200);
}
