// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using matchers::ContainsSubstring;
using nlohmann::json;

TEST_CASE("A checkpoint answers as the guide shows") {
  running_server node;
  node.gateway.on_checkpoint = [] { return actors::checkpoint_done{1024, 104857600, 0}; };
  auto done = node.ask("POST", "/admin/checkpoint-wal");
  CHECK(done.status == 200);
  CHECK(
      done.body
      == R"({"status":"success","pages_checkpointed":1024,"wal_size_before_bytes":104857600,"wal_size_after_bytes":0})");
  CHECK(node.ask_admin("POST", "/admin/checkpoint-wal").status == 200);
}

TEST_CASE("A checkpoint that is held back names who does, and one without a WAL is 400") {
  running_server node;
  auto failing = [&](actors::failure_code code) {
    node.gateway.on_checkpoint = [code]() -> actors::answer<actors::checkpoint_done> {
      return tl::unexpected(
          actors::failure{code, actors::commit_status::no, "reader 3, since 12 s", 0, 0, {}});
    };
    return node.ask("POST", "/admin/checkpoint-wal");
  };
  auto blocked = failing(actors::failure_code::blocked);
  CHECK(blocked.status == 409);
  CHECK_THAT(blocked.body,
             ContainsSubstring(R"("status":"blocked","blocked_by":"reader 3, since 12 s")"));
  CHECK(failing(actors::failure_code::unsupported).status == 400);
  node.gateway.on_checkpoint = nullptr; // nobody there
  CHECK(node.ask("POST", "/admin/checkpoint-wal").status == 503);
}

TEST_CASE("Shutdown is accepted, and passed on") {
  running_server node;
  CHECK(node.ask("GET", "/admin/shutdown").status == 405);
  CHECK_FALSE(node.gateway.was_shut_down());
  CHECK(node.ask("POST", "/admin/shutdown").status == 202);
  CHECK(node.gateway.was_shut_down());
}

TEST_CASE("A draining server refuses data, ends connections and still answers operators") {
  running_server node;
  auto idle = node.connect();
  CHECK(idle.ask(make_request("GET", "/version")).status == 200);
  auto busy = node.connect();
  node.gateway.hold();
  busy.send(make_request("PUT", "/v1/kv/k", "v") + make_request("PUT", "/v1/kv/l", "v"));
  node.gateway.wait_for_requests(1);
  CHECK_FALSE(node.server().drain(std::chrono::milliseconds{20}));
  CHECK(idle.is_closed());
  CHECK(node.ask_admin("GET", "/readyz").status == 503);
  CHECK(json::parse(node.ask_admin("GET", "/health").body)["phase"] == "draining");
  node.gateway.release();
  auto last = busy.receive();
  CHECK(last.status == 200);
  CHECK(last.field("connection") == "close");
  CHECK(busy.is_closed());
  CHECK(node.server().drain(std::chrono::seconds{10}));
  CHECK_THROWS(node.put("k", "v"));
}

TEST_CASE("Data is refused while the node stops or refused to start") {
  running_server node;
  actors::supervisor_status said;
  said.phase = actors::phase::draining;
  node.gateway.board.publish(said);
  auto draining = node.put("k", "v");
  CHECK(draining.status == 503);
  CHECK(draining.field("connection") == "close");
  CHECK_THAT(draining.body, ContainsSubstring(R"("code":"draining","committed":"no")"));
  said.phase = actors::phase::refused;
  node.gateway.board.publish(said);
  CHECK_THAT(node.get("k").body, ContainsSubstring(R"("code":"refused")"));
  CHECK(json::parse(node.ask("GET", "/v1/cluster").body)["state"] == "refused");
}

TEST_CASE("The cluster is shown as the documentation says") {
  running_server node;
  CHECK(json::parse(node.ask("GET", "/v1/cluster").body)["leader"].is_null());
  actors::raft_status raft;
  raft.core.role = raft::role_name::leader;
  raft.core.leader = raft::server_id{1};
  raft.core.current_term = raft::term{3};
  raft.core.commit_index = raft.core.last_applied = raft.core.durable_index = raft::log_index{105};
  raft.core.membership.voters = {{raft::server_id{1}, {}, "10.0.0.1:8082", ""}};
  node.gateway.board.publish(raft);
  auto body = json::parse(node.ask("GET", "/v1/cluster").body);
  CHECK(body["state"] == "leader");
  CHECK(body["term"] == 3);
  CHECK(body["leader"]["id"] == 1);
  CHECK(body["commit_index"] == 105);
  CHECK(body["last_applied"] == 105);
  CHECK(body["members"][0]["voter"] == true);
  CHECK(body["members"][0]["match_index"] == 105);
  CHECK(body["members"][0]["lag"] == 0);
}

TEST_CASE("The supervisor's tree and the actors are shown") {
  running_server node;
  actors::supervisor_status said;
  said.phase = actors::phase::running;
  actors::child_status child;
  child.name = "raft";
  child.group = "node";
  child.state = actors::child_state::backing_off;
  child.restarts = 2;
  child.last_error = "it broke";
  child.next_attempt_in = std::chrono::milliseconds{500};
  child.next = "check of the stores, then start";
  child.next_delay = std::chrono::milliseconds{4000};
  said.children = {child};
  storage::check_report check;
  check.last_applied = raft::entry_id{raft::log_index{105}, raft::term{3}};
  check.commit_index = raft::log_index{100};
  said.last_check = check;
  said.events = {{std::chrono::system_clock::time_point{}, "raft", "ended", "why"}};
  node.gateway.board.publish(said);
  auto tree = json::parse(node.ask("GET", "/admin/supervisor").body);
  CHECK(tree["children"][0]["state"] == "backing_off");
  CHECK(tree["children"][0]["next_attempt_in_ms"] == 500);
  CHECK(tree["children"][0]["uptime_ms"].is_null());
  CHECK(tree["children"][0]["backoff_ms"] == 4000);
  CHECK(tree["children"][0]["next"] == "check of the stores, then start");
  CHECK(tree["last_check"]["last_applied"]["index"] == 105);
  CHECK(tree["last_check"]["committed"] == 100);
  CHECK(tree["events"][0]
        == json{{"time", "1970-01-01T00:00:00.000Z"},
                {"kind", "ended"},
                {"child", "raft"},
                {"reason", "why"},
                {"dump", nullptr}});
  actors::actor_view view;
  view.name = "log_writer";
  view.mailbox_depth = 4;
  node.gateway.actors = {view};
  CHECK(json::parse(node.ask("GET", "/debug/actors").body)["actors"][0]["mailbox_depth"] == 4);
}

TEST_CASE("The actors' own states, their tree and their talks are told") {
  running_server node;
  actors::actor_view root;
  root.name = "supervisor";
  actors::actor_view raft;
  raft.name = "raft";
  raft.parent = "supervisor";
  raft.current_message = "actors::tick";
  raft.current_message_ms = 2500;
  raft.figures = {{"role", std::string_view("leader")}, {"term", std::uint64_t{7}}};
  raft.figures_age_ms = 2600;
  raft.is_stale = true;
  raft.dead_letters = 9;
  raft.dead_letter_samples = {{"actors::tick", "outside", 12}};
  node.gateway.actors = {root, raft};
  node.gateway.talks = {{"raft", "log_writer", 12, 1.5, 10, 20}};
  auto body = json::parse(node.ask_admin("GET", "/debug/actors").body);
  const auto& told = body["actors"][1];
  CHECK(body["actors"][0]["own_state"].is_null());
  CHECK(told["own_state"]
        == json{{"age_ms", 2600},
                {"stale", true},
                {"stuck_in", "actors::tick"},
                {"figures", {{"role", "leader"}, {"term", 7}}}});
  CHECK(told["current_message_ms"] == 2500);
  CHECK(told["dead_letters"]["samples"][0]["from"] == "outside");
  CHECK(body["tree"][0]["children"][0]["name"] == "raft");
  CHECK(body["talks"][0]["latency_p99_us"] == 20);
}

TEST_CASE("A restart of a child is asked of the supervisor and its word handed on") {
  running_server node;
  std::vector<std::pair<std::string, bool>> asked;
  node.gateway.on_restart = [&](const std::string& name, bool clears_quarantine) {
    asked.emplace_back(name, clears_quarantine);
    return actors::answer<actors::restart_under_way>(
        actors::restart_under_way{"restarting group 'stores'"});
  };
  auto done = node.ask_admin("POST", "/admin/supervisor/raft/restart");
  CHECK(done.status == 200);
  CHECK(json::parse(done.body)["what"] == "restarting group 'stores'");
  CHECK(node.ask_admin("POST", "/admin/supervisor/stores/clear").status == 200);
  CHECK(asked == std::vector<std::pair<std::string, bool>>{{"raft", false}, {"stores", true}});
}

TEST_CASE("A restart that cannot be is refused for its reason, and so is one of nobody") {
  using actors::failure_code;
  running_server node;
  auto code = failure_code::unknown_child;
  node.gateway.on_restart = [&](const std::string&, bool) {
    return actors::answer<actors::restart_under_way>(
        tl::unexpected(actors::failure{code, actors::commit_status::no, "why not", 0, 0, {}, {}}));
  };
  auto ask = [&] { return node.ask_admin("POST", "/admin/supervisor/raft/restart").status; };
  CHECK(ask() == 404);
  code = failure_code::draining;
  CHECK(ask() == 503);
  code = failure_code::conflict;
  CHECK(ask() == 409);
  node.gateway.on_restart = nullptr; // the supervisor is not there: the request is let go
  CHECK(ask() == 503);
}

TEST_CASE("Versions are told") {
  running_server node([](http::settings& s) { s.versions = {"0.17.6", "3.40.1", true, "0.9.24"}; });
  auto body = json::parse(node.ask("GET", "/version").body);
  CHECK(body["sqlite"] == "3.40.1");
  CHECK(body["sqlite_wal_reset_bug"] == true);
  CHECK(body["httplib"].is_string());
}

TEST_CASE("Every family is there from the first scrape, each once") {
  running_server node;
  auto got = node.ask_admin("GET", "/metrics");
  CHECK(got.status == 200);
  CHECK(got.field("content-type") == "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line :
       {"sqlite_wal_size_bytes{node_id=\"1\"} 0",
        "sqlite_write_latency_seconds_bucket{node_id=\"1\",le=\"0.001\"} 0",
        "sqlite_read_latency_seconds_count{node_id=\"1\"} 0",
        "sqlite_checkpoint_duration_seconds_sum{node_id=\"1\"} 0",
        "sqlite_pool_size{node_id=\"1\"} 0", "sqlite_pool_in_use", "sqlite_pool_waiters",
        "sqlite_pool_wait_seconds", "aspen_has_leader{node_id=\"1\"} 0", "aspen_build_info{",
        "aspen_http_rejected_total{", "aspen_http_connections{",
        "aspen_state{node_id=\"1\",state=\"Leader\"} 0", "process_resident_memory_bytes ",
        "process_start_time_seconds ",
        "aspen_http_requests_total{code=\"200\",method=\"PUT\",node_id=\"1\",route=\"/v1/kv/"
        "{key}\"} 0"})
    CHECK_THAT(got.body, ContainsSubstring(line));
  for (std::size_t at = 0; (at = got.body.find("# TYPE ", at)) != std::string::npos; ++at) {
    auto line = got.body.substr(at, got.body.find('\n', at) - at + 1);
    CHECK(got.body.find(line, at + 1) == std::string::npos);
  }
}

TEST_CASE("Requests are counted by route, method and status, never by key") {
  running_server node;
  node.put("secret-key", "v");
  node.get("secret-key");
  node.get("nothing");
  node.ask("GET", "/no/such/path");
  auto text = node.ask("GET", "/metrics").body;
  CHECK_THAT(
      text,
      ContainsSubstring("{code=\"200\",method=\"PUT\",node_id=\"1\",route=\"/v1/kv/{key}\"} 1\n")
          && ContainsSubstring(
              "{code=\"404\",method=\"GET\",node_id=\"1\",route=\"/v1/kv/{key}\"} 1\n")
          && ContainsSubstring("{code=\"404\",method=\"other\",node_id=\"1\",route=\"none\"} 1\n")
          && ContainsSubstring("aspen_write_latency_seconds_count{node_id=\"1\"} 1\n"));
  CHECK_THAT(text, !ContainsSubstring("secret-key"));
}

TEST_CASE("Every answer is JSON that nobody stores or guesses at") {
  running_server node;
  for (const char* path : {"/health", "/version", "/nowhere", "/v1/cluster", "/v1/kv/none"}) {
    auto got = node.ask("GET", path);
    CHECK(got.field("content-type") == "application/json");
    CHECK(got.field("cache-control") == "no-store");
    CHECK(got.field("x-content-type-options") == "nosniff");
    CHECK(got.field("date").size() == 29);
    CHECK(got.field("exception_what").empty());
    CHECK(json::accept(got.body));
  }
}
