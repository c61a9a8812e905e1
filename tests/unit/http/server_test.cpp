// SPDX-License-Identifier: Apache-2.0
#include "http/descriptors.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using matchers::ContainsSubstring;

namespace {

base::status start_at(const std::string& address) {
  memory_gateway gateway;
  actors::node_metrics metrics(raft::server_id{2});
  http::settings settings;
  settings.http_addr = address;
  settings.admin_addr = "127.0.0.1:0";
  return http::server(settings, gateway, metrics).start();
}

} // namespace

TEST_CASE("A port that is taken is said at once, with its address", "[INV-113]") {
  running_server first;
  auto address = "127.0.0.1:" + std::to_string(first.server().http_port());
  auto second = start_at(address);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == base::errc::busy);
  CHECK_THAT(second.error().text, ContainsSubstring(address));
}

TEST_CASE("A port is free again as soon as its server has stopped") {
  std::string address;
  {
    running_server first;
    address = "127.0.0.1:" + std::to_string(first.server().http_port());
    auto client = first.connect(); // its connection stays behind in TIME_WAIT
    CHECK(client.ask(make_request("GET", "/version")).status == 200);
  }
  CHECK(start_at(address));
}

TEST_CASE("An address that is none is refused with its name") {
  for (const char* address :
       {"nonsense", "127.0.0.1:", "127.0.0.1:99999", "256.0.0.1:80", "203.0.113.1:0"}) {
    auto started = start_at(address);
    REQUIRE_FALSE(started);
    CHECK(started.error().code == base::errc::invalid);
    CHECK_THAT(started.error().text, ContainsSubstring(address));
  }
}

TEST_CASE("Connections never take the descriptors that the stores need") {
  CHECK(http::connections_within(20'000, 8192, 256) == 8192);
  CHECK(http::connections_within(1024, 8192, 256) == 1024 - 256 - http::descriptors_reserved);
  CHECK(http::connections_within(100, 8192, 256) == 16);
  CHECK(http::connections_within(100, 4, 256) == 4);
  auto bound = http::raise_descriptor_bound();
  CHECK(bound >= 64);
  CHECK(http::raise_descriptor_bound() == bound);
}

TEST_CASE("A server stops twice, and before it was started") {
  memory_gateway gateway;
  actors::node_metrics metrics(raft::server_id{1});
  http::server never({}, gateway, metrics);
  never.stop();
  running_server node;
  node.server().stop();
  node.server().stop();
}
