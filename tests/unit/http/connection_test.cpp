// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <memory>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "base/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using matchers::ContainsSubstring;

TEST_CASE("One connection serves many requests, as HTTP/1.1 and as HTTP/1.0 that asks for it") {
  running_server node;
  auto client = node.connect();
  for (int i = 0; i < 50; ++i) {
    CHECK(client.ask(make_request("PUT", "/v1/kv/k", std::to_string(i))).status == 200);
    CHECK(client.ask(make_request("GET", "/v1/kv/k")).body == std::to_string(i));
  }
  auto old = node.connect();
  CHECK(old.ask("GET /version HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").field("connection")
        == "keep-alive");
  CHECK(old.ask("GET /version HTTP/1.0\r\n\r\n").field("connection") == "close");
  CHECK(old.is_closed());
}

TEST_CASE("Connection: close is honoured and said") {
  running_server node;
  auto client = node.connect();
  auto last = client.ask(make_request("GET", "/version", {}, "Connection: close\r\n"));
  CHECK(last.field("connection") == "close");
  CHECK(client.is_closed());
}

namespace {

/// A child process that holds a copy of every descriptor this one has open.
class holder {
public:
  holder() : child_(::fork()) {
    if (child_ == 0)
      for (;;)
        ::pause();
  }
  ~holder() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  holder(const holder&) = delete;
  holder& operator=(const holder&) = delete;
  bool is_there() const { return child_ > 0; }

private:
  const pid_t child_;
};

} // namespace

TEST_CASE("Nothing is heard any more of a closed connection that another process holds") {
  running_server node;
  auto client = node.connect();
  CHECK(client.ask(make_request("GET", "/version")).status == 200);
  holder child;
  REQUIRE(child.is_there());
  client.ask(make_request("GET", "/version", {}, "Connection: close\r\n"));
  REQUIRE(client.is_closed());
  // The socket takes it in, though the server has freed what belonged to it: the address sanitizer tells.
  client.send("more");
  for (int i = 0; i < 10; ++i)
    CHECK(node.get("k").status == 404);
}

TEST_CASE("Pipelined requests are answered in their order") {
  running_server node;
  auto client = node.connect();
  std::string all;
  for (int i = 0; i < 200; ++i)
    all += make_request("PUT", "/v1/kv/" + std::to_string(i), "v" + std::to_string(i))
           + make_request("GET", "/v1/kv/" + std::to_string(i));
  client.send(all + "\r\n\r\n" + make_request("GET", "/version")); // empty lines are let pass
  for (int i = 0; i < 200; ++i) {
    CHECK(client.receive().status == 200);
    CHECK(client.receive().body == "v" + std::to_string(i));
  }
  CHECK(client.receive().status == 200);
}

TEST_CASE("A request may arrive one byte at a time") {
  running_server node;
  auto client = node.connect();
  for (char byte : make_request("PUT", "/v1/kv/k", "slow"))
    client.send(std::string_view(&byte, 1));
  CHECK(client.receive().status == 200);
  CHECK(node.get("k").body == "slow");
}

TEST_CASE("A sender that is too slow gets 408 and costs nobody else anything") {
  running_server node([](http::settings& s) { s.times.request = std::chrono::milliseconds{100}; });
  auto head = node.connect();
  head.send("GET /version HTT");
  auto body = node.connect();
  body.send("PUT /v1/kv/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
  CHECK(node.put("other", "v").status == 200);
  CHECK(head.receive().status == 408);
  CHECK(head.is_closed());
  auto late = body.receive();
  CHECK(late.status == 408);
  CHECK_THAT(late.body, ContainsSubstring(R"("committed":"no")"));
  CHECK(body.is_closed());
  CHECK(node.gateway.requests() == 1);
}

TEST_CASE("A body that ends too early is told so, and not written") {
  running_server node;
  auto client = node.connect();
  client.send("PUT /v1/kv/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf");
  client.close_sending();
  CHECK(client.receive().status == 400);
  CHECK(node.get("k").status == 404);
}

TEST_CASE("A client that does not take its answer is let go, and the others are served") {
  running_server node([](http::settings& s) { s.times.send = std::chrono::milliseconds{100}; });
  node.put("big", std::string(base::limits::value_bytes_max, 'x'));
  auto client = node.connect();
  std::string many;
  for (int i = 0; i < 64; ++i)
    many += make_request("GET", "/v1/kv/big");
  client.send(many); // 64 MiB that nobody reads
  CHECK(node.get("big").status == 200);
  // Only the connection that asks is left.
  CHECK(node.becomes([&] {
    return node.ask_admin("GET", "/metrics").body.find("aspen_http_connections{node_id=\"1\"} 1\n")
           != std::string::npos;
  }));
}

TEST_CASE("Idle connections are ended after their time, used ones are not") {
  running_server node([](http::settings& s) { s.times.idle = std::chrono::milliseconds{100}; });
  auto client = node.connect();
  CHECK(client.ask(make_request("GET", "/version")).status == 200);
  CHECK(client.is_closed());
}

TEST_CASE("Hundreds of idle connections stand in nobody's way") {
  running_server node;
  std::vector<raw_client> idle;
  for (int i = 0; i < 400; ++i)
    idle.push_back(node.connect());
  CHECK(node.put("k", "v").status == 200);
  CHECK(idle.back().ask(make_request("GET", "/v1/kv/k")).body == "v");
  CHECK(idle.front().ask(make_request("GET", "/v1/kv/k")).body == "v");
}

TEST_CASE("Beyond the bound on connections a client is told to come back") {
  running_server node([](http::settings& s) { s.data_limits.connections_max = 4; });
  std::vector<raw_client> held;
  for (int i = 0; i < 4; ++i) {
    held.push_back(node.connect());
    CHECK(held.back().ask(make_request("GET", "/version")).status == 200);
  }
  auto refused = node.connect();
  auto answer = refused.receive();
  CHECK(answer.status == 503);
  CHECK(answer.field("retry-after") == "1");
  CHECK(refused.is_closed());
  CHECK(node.ask_admin("GET", "/version").status == 200);
}

TEST_CASE("Beyond the bound on requests a client gets 429, and probes get through") {
  running_server node([](http::settings& s) {
    s.workers = 1;
    s.data_limits.requests_in_flight_max = 3;
  });
  node.gateway.hold();
  std::vector<raw_client> waiting;
  for (std::size_t i = 1; i <= 3; ++i) {
    waiting.push_back(node.connect());
    waiting.back().send(make_request("PUT", "/v1/kv/k", "v"));
    node.gateway.wait_for_requests(i);
  }
  auto refused = node.put("k", "v");
  CHECK(refused.status == 429);
  CHECK(refused.field("retry-after") == "1");
  CHECK(refused.field("connection") == "close");
  CHECK(node.ask_admin("GET", "/livez").status == 200);
  node.gateway.release();
  for (auto& each : waiting)
    CHECK(each.receive().status == 200);
  CHECK(node.put("k", "v").status == 200);
}

TEST_CASE("Bodies that would take too much memory together are refused before they are read") {
  running_server node([](http::settings& s) {
    s.workers = 1;
    s.data_limits.memory_bytes_max = 3 * base::limits::value_bytes_max / 2;
  });
  auto slow = node.connect();
  slow.send("PUT /v1/kv/k HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: "
            "1048576\r\n\r\n");
  CHECK(slow.receive().status == 100); // its memory is accounted for
  CHECK(node.put("k", std::string(base::limits::value_bytes_max, 'x')).status == 429);
  CHECK(node.put("k", "small").status == 200);
  CHECK(slow.ask(std::string(base::limits::value_bytes_max, 'x')).status == 200);
  CHECK(node.put("k", std::string(base::limits::value_bytes_max, 'x')).status == 200);
}

TEST_CASE("What is asked in one turn reaches the gateway together", "[INV-116]") {
  running_server node([](http::settings& s) { s.workers = 1; });
  node.gateway.hold();
  std::vector<raw_client> clients;
  constexpr std::size_t count = 64;
  for (std::size_t i = 0; i < count; ++i)
    clients.push_back(node.connect());
  for (auto& each : clients)
    each.send(make_request("PUT", "/v1/kv/k", "v"));
  node.gateway.wait_for_requests(count);
  node.gateway.release();
  for (auto& each : clients)
    CHECK(each.receive().status == 200);
  // All answers of a batch come together, so all next requests do, too.
  auto before = node.gateway.batches();
  for (int round = 0; round < 10; ++round) {
    for (auto& each : clients)
      each.send(make_request("PUT", "/v1/kv/k", "v"));
    for (auto& each : clients)
      CHECK(each.receive().status == 200);
  }
  CHECK(node.gateway.batches() - before < 10 * count / 2);
}
