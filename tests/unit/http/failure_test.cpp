// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using actors::commit_status;
using actors::failure_code;
using matchers::ContainsSubstring;

namespace {

running_server impatient() {
  return running_server(
      [](http::settings& s) { s.times.request = std::chrono::milliseconds{150}; });
}

} // namespace

TEST_CASE("Each failure of an actor has its status") {
  running_server node;
  auto status_for = [&](failure_code code, commit_status committed) {
    node.gateway.fail_with(actors::failure{code, committed, "why", 0, 0, {}});
    return node.put("k", "v").status;
  };
  CHECK(status_for(failure_code::unavailable, commit_status::no) == 503);
  CHECK(status_for(failure_code::not_leader, commit_status::no) == 503);
  CHECK(status_for(failure_code::overloaded, commit_status::no) == 429);
  CHECK(status_for(failure_code::storage_full, commit_status::no) == 507);
  CHECK(status_for(failure_code::storage_busy, commit_status::no) == 503);
  CHECK(status_for(failure_code::storage_failed, commit_status::no) == 503);
  CHECK(status_for(failure_code::draining, commit_status::no) == 503);
  CHECK(status_for(failure_code::invalid, commit_status::no) == 400);
}

TEST_CASE("A write whose outcome is unknown is 504, whatever the reason", "[INV-114]") {
  running_server node;
  for (auto code :
       {failure_code::unavailable, failure_code::timeout, failure_code::storage_failed}) {
    node.gateway.fail_with(actors::failure{code, commit_status::unknown, "why", 0, 0, {}});
    auto answer = node.put("k", "v");
    CHECK(answer.status == 504);
    CHECK_THAT(answer.body, ContainsSubstring(R"("committed":"unknown")"));
  }
}

TEST_CASE("Overload says when to come back, and which bound was met") {
  running_server node;
  node.gateway.fail_with(actors::failure{failure_code::overloaded, commit_status::no, "too many",
                                         10, 11, std::chrono::milliseconds{2500}});
  auto answer = node.put("k", "v");
  CHECK(answer.field("retry-after") == "3");
  CHECK_THAT(answer.body,
             ContainsSubstring(R"("code":"overloaded","committed":"no","limit":10,"actual":11)"));
  CHECK_THAT(node.get("k").body, !ContainsSubstring("committed"));
}

TEST_CASE("A deadline before the proposal says no, after it says unknown") {
  auto node = impatient();
  node.gateway.hold();
  auto early = node.put("k", "v");
  CHECK(early.status == 504);
  CHECK_THAT(early.body, ContainsSubstring(R"("code":"timeout","committed":"no")"));
  node.gateway.mark_as_proposed(true);
  CHECK_THAT(node.put("k", "v").body, ContainsSubstring(R"("committed":"unknown")"));
  CHECK(node.get("k").status == 504);
}

TEST_CASE("A late answer finds nobody, and the connection goes on", "[INV-115]") {
  auto node = impatient();
  node.gateway.put("k", "v");
  auto client = node.connect();
  node.gateway.hold();
  CHECK(client.ask(make_request("PUT", "/v1/kv/k", "late")).status == 504);
  node.gateway.release(); // the first answer comes while the second request is asked
  for (int i = 0; i < 20; ++i)
    CHECK(client.ask(make_request("GET", "/v1/kv/k")).status == 200);
}

TEST_CASE("What a dead actor held is answered at once, with its stage") {
  running_server node;
  node.gateway.hold();
  auto client = node.connect();
  client.send(make_request("PUT", "/v1/kv/k", "v"));
  node.gateway.wait_for_requests(1);
  node.gateway.forget_all();
  CHECK(client.receive().status == 503);
  node.gateway.mark_as_proposed(true);
  client.send(make_request("PUT", "/v1/kv/k", "v"));
  node.gateway.wait_for_requests(2);
  node.gateway.forget_all();
  CHECK(client.receive().status == 504);
}

TEST_CASE("A server that stops answers what still waits, or closes") {
  running_server node;
  node.gateway.hold();
  auto client = node.connect();
  client.send(make_request("PUT", "/v1/kv/k", "v"));
  node.gateway.wait_for_requests(1);
  node.server().stop();
  CHECK(client.receive().status == 503);
  CHECK(client.is_closed());
}
