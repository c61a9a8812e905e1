// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "http/request_head.hpp"
#include "tests/support/catch.hpp"

namespace {

struct parsed {
  explicit parsed(std::string given) : text(std::move(given)) {
    std::size_t scanned = 0;
    size = http::find_head_end(text, scanned);
    fault = http::parse_head(std::string_view(text).substr(0, size), head);
  }
  int status() const { return fault ? fault->status : 200; }

  std::string text;
  std::size_t size = 0;
  http::request_head head;
  std::optional<http::head_fault> fault;
};

int status_of(const std::string& fields, const std::string& line = "GET / HTTP/1.1") {
  return parsed(line + "\r\nHost: localhost\r\n" + fields + "\r\n").status();
}

} // namespace

TEST_CASE("A head ends with its empty line, however it arrives") {
  std::string whole = "GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
  std::string seen;
  std::size_t scanned = 0;
  std::size_t end = 0;
  for (std::size_t i = 0; i < whole.size() && end == 0; ++i) {
    seen.push_back(whole[i]);
    end = http::find_head_end(seen, scanned);
  }
  CHECK(end == whole.size() - 4);
}

TEST_CASE("A head tells method, target, fields and what becomes of the connection") {
  parsed one("PUT /v1/kv/a%20b?x=1 HTTP/1.1\r\nHost: h:1\r\nContent-Length:  5 \r\nX-A: 1\r\nx-a: "
             "2\r\n\r\n");
  REQUIRE(one.status() == 200);
  CHECK(one.head.method == http::method::put);
  CHECK(one.head.target == "/v1/kv/a%20b?x=1");
  CHECK(one.head.host == "h:1");
  CHECK(one.head.content_length == 5);
  CHECK(one.head.keeps_connection);
  CHECK(one.head.joined("x-a") == "1, 2");
}

TEST_CASE("Connections are kept as the version and the client say") {
  CHECK(parsed("GET / HTTP/1.1\r\nHost: a\r\n\r\n").head.keeps_connection);
  CHECK_FALSE(
      parsed("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n").head.keeps_connection);
  CHECK_FALSE(parsed("GET / HTTP/1.0\r\n\r\n").head.keeps_connection);
  CHECK(parsed("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").head.keeps_connection);
}

TEST_CASE("An absolute target names the host itself") {
  parsed one("GET http://other:1/x?y HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(one.head.host == "other:1");
  CHECK(one.head.target == "/x?y");
  CHECK(parsed("GET http://other HTTP/1.1\r\nHost: a\r\n\r\n").head.target == "/");
}

TEST_CASE("What two parsers could read in two ways is no request", "[INV-112]") {
  CHECK(status_of("Content-Length: 1\r\nContent-Length: 1\r\n") == 400);
  CHECK(status_of("Content-Length: 1, 1\r\n") == 400);
  CHECK(status_of("Content-Length: +1\r\n") == 400);
  CHECK(status_of("Content-Length: -1\r\n") == 400);
  CHECK(status_of("Content-Length: 0x1\r\n") == 400);
  CHECK(status_of("Content-Length:\r\n") == 400);
  CHECK(status_of("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n") == 400);
  CHECK(status_of("Transfer-Encoding: chunked\r\n", "PUT / HTTP/1.0") == 400);
  CHECK(status_of("Host: other\r\n") == 400);
  CHECK(status_of("X: a\r\n b\r\n") == 400);
  CHECK(status_of("X : a\r\n") == 400);
  CHECK(status_of(": a\r\n") == 400);
  CHECK(status_of("no colon\r\n") == 400);
  CHECK(status_of("X: a\rb\r\n") == 400);
  CHECK(status_of("X: a\nY: b\r\n") == 400);
  CHECK(status_of(std::string("X: a\0b\r\n", 8)) == 400);
  CHECK(status_of("X: \x7f\r\n") == 400);
  CHECK(status_of("X\x01: a\r\n") == 400);
}

TEST_CASE("A request line is three words and nothing else") {
  for (const char* line : {"GET /", "GET", "GET  HTTP/1.1", " GET / HTTP/1.1", "GET / HTTP/1.1 ",
                           "G{T / HTTP/1.1", "GET /a b HTTP/1.1", "GET /a\tb HTTP/1.1",
                           "GET /\xc3\xa9 HTTP/1.1", "GET /a#b HTTP/1.1", "GET / http/1.1"})
    CHECK(status_of("", line) == 400);
  CHECK(status_of("", "GET / HTTP/2.0") == 505);
  CHECK(parsed(std::string("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 28)).status() == 400);
}

TEST_CASE("A line that ends in a bare LF is refused at once, not waited on") {
  std::size_t scanned = 0;
  CHECK(http::find_head_end("GET / HTTP/1.1\n", scanned) == 15);
  CHECK(parsed("GET / HTTP/1.1\nHost: a\n\n").status() == 400);
  CHECK(parsed("GET / HTTP/1.1\r\nHost: a\n\r\n").status() == 400);
}

TEST_CASE("Bodies in chunks need a length, other codings are not built") {
  CHECK(status_of("Transfer-Encoding: Chunked\r\n") == 411);
  CHECK(status_of("Transfer-Encoding: gzip, chunked\r\n") == 501);
  CHECK(status_of("Expect: 100-continue\r\n") == 200);
  CHECK(status_of("Expect: rain\r\n") == 417);
}

TEST_CASE("A host is needed from HTTP/1.1 on") {
  CHECK(parsed("GET / HTTP/1.1\r\n\r\n").status() == 400);
  CHECK(parsed("GET / HTTP/1.0\r\n\r\n").status() == 200);
}

TEST_CASE("Heads, targets and header counts have their bounds") {
  CHECK(status_of("", "GET /" + std::string(8 * 1024 - 1, 'a') + " HTTP/1.1") == 200);
  CHECK(status_of("", "GET /" + std::string(8 * 1024, 'a') + " HTTP/1.1") == 414);
  CHECK(status_of("X: " + std::string(17 * 1024, 'a') + "\r\n") == 431);
  std::string many;
  for (int i = 0; i < 99; ++i)
    many += "X: a\r\n";
  CHECK(status_of(many) == 200);
  CHECK(status_of(many + "X: a\r\n") == 431);
  CHECK(http::check_head_size(std::string(9 * 1024, 'a'))->status == 414);
  CHECK(http::check_head_size("GET / HTTP/1.1\r\n" + std::string(17 * 1024, 'a'))->status == 431);
  CHECK_FALSE(http::check_head_size("GET / HTTP/1.1\r\n" + std::string(9 * 1024, 'a')));
}

TEST_CASE("A length beyond all bounds is a length, and too large") {
  parsed one("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n");
  CHECK(one.status() == 200);
  CHECK(one.head.content_length == ~std::uint64_t{0});
}
