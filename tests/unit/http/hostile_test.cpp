// SPDX-License-Identifier: Apache-2.0
// Bytes that no client of good will sends. The server may answer or close, never hang, grow or die.
#include <random>
#include <string>

#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

namespace {

/// Reads whatever comes until the server closes. Throws when it neither answers nor closes.
void read_to_end(raw_client& client) {
  try {
    while (!client.is_closed())
      client.receive();
  } catch (const std::runtime_error& fault) {
    std::string text = fault.what();
    if (text.find("neither") != std::string::npos)
      throw;
  }
}

void survives(running_server& node, const std::string& bytes) {
  auto client = node.connect();
  client.send(bytes);
  client.close_sending();
  read_to_end(client);
}

running_server brisk() {
  return running_server([](http::settings& s) {
    s.times.request = std::chrono::milliseconds{300};
    s.times.linger = std::chrono::milliseconds{100};
  });
}

} // namespace

TEST_CASE("Random bytes are answered or cut off") {
  auto node = brisk();
  std::mt19937 random(20240229);
  for (int round = 0; round < 300; ++round) {
    std::string bytes(random() % 3000, '\0');
    for (char& byte : bytes)
      byte = static_cast<char>(random());
    survives(node, bytes);
  }
  CHECK(node.put("k", "v").status == 200);
}

TEST_CASE("Changed and cut requests are answered or cut off") {
  auto node = brisk();
  std::mt19937 random(7);
  auto whole =
      make_request("PUT", "/v1/kv/a%20b?x=1", "value",
                   "If-Match: \"1\"\r\nExpect: 100-continue\r\n")
      + make_request("GET", "/v1/kv?limit=5&prefix=a", {},
                     "Range: bytes=0-1\r\nAccept-Encoding: gzip\r\n")
      + make_request("POST", "/v1/batch", R"({"operations":[{"set":{"key":"k","value":"v"}}]})");
  for (int round = 0; round < 500; ++round) {
    auto bytes = whole.substr(0, 1 + random() % whole.size());
    for (auto changes = random() % 4; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random());
    survives(node, bytes);
  }
  CHECK(node.put("k", "v").status == 200);
}

TEST_CASE("Every prefix of a request is survived") {
  auto node = brisk();
  auto whole = make_request("PUT", "/v1/kv/k", "value");
  for (std::size_t size = 0; size < whole.size(); ++size)
    survives(node, whole.substr(0, size));
  CHECK(node.put("k", "v").status == 200);
}

TEST_CASE("Endless lines, endless headers and endless bodies end") {
  auto node = brisk();
  auto client = node.connect();
  client.send("GET /" + std::string(100'000, 'a'));
  CHECK(client.receive().status == 414);
  auto fields = node.connect();
  fields.send("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 5000; ++i)
    fields.send("X: y\r\n");
  auto status = fields.receive().status;
  CHECK(status == 431);
  survives(node, std::string(1'000'000, '\r'));
  survives(node, std::string(100'000, '\n'));
  std::string empty_lines;
  for (int i = 0; i < 50'000; ++i)
    empty_lines += "\r\n";
  survives(node, empty_lines);
  CHECK(node.put("k", "v").status == 200);
}

TEST_CASE("No path, query or header reaches a regular expression", "[INV-112]") {
  auto node = brisk();
  // libstdc++'s matcher recurses once a character: these overflowed a stack of 128 KiB.
  CHECK(node.get(std::string(8000, 'a')).status == 413);
  CHECK(node.ask("GET", "/v1/kv?prefix=" + std::string(1000, '%') + "41").status == 400);
  CHECK(node.get("k", "Range: bytes=" + std::string(8000, '1') + "-\r\n").status == 404);
  CHECK(node.get("k", "Range: bytes=1-0,5-2,a\r\n").status == 404);
  CHECK(node.put("k", "value", "Range: bytes=0-1\r\n").status == 200);
  CHECK(node.get("k", "Range: bytes=0-1\r\nAccept-Encoding: gzip, br\r\n").body == "value");
}

TEST_CASE("A header of the library's own names tells it nothing") {
  auto node = brisk();
  node.gateway.put("k", "v");
  CHECK(node.get("k", "REMOTE_ADDR: 10.0.0.1\r\nX-HTTP-Method-Override: DELETE\r\n").body == "v");
}

TEST_CASE("JSON nested without end does not eat the stack") {
  auto node = brisk();
  CHECK(node.ask("POST", "/v1/batch", std::string(1'000'000, '[')).status == 422);
  CHECK(node.ask("POST", "/v1/batch", R"({"operations":)" + std::string(1'000'000, '[')).status
        == 422);
  CHECK(node.ask("POST", "/v1/batch", std::string(1'000'000, '{')).status == 400);
}
