// SPDX-License-Identifier: Apache-2.0
#include "http/alarms.hpp"

#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "http/health_monitor.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using namespace std::chrono_literals;
using matchers::ContainsSubstring;
using nlohmann::json;

namespace {

/// A running leader; each test spoils one thing.
struct watched_node {
  actors::raft_status raft;
  actors::storage_status storage;
  actors::supervisor_status supervisor;
  http::health_input input;
  http::health_monitor monitor;
  std::chrono::system_clock::time_point wall =
      std::chrono::system_clock::from_time_t(1'800'000'000);

  watched_node() {
    input.phase = actors::phase::running;
    input.now = std::chrono::steady_clock::time_point(1h);
    raft.last_tick = input.now;
    raft.core.role = raft::role_name::leader;
    raft.core.leader = raft::server_id{1};
    storage.has_wal = input.has_wal_file = true;
    input.disk.wal_bytes = 0;
  }
  http::health_input& seen() {
    input.raft = std::make_shared<actors::raft_status>(raft);
    input.storage = std::make_shared<actors::storage_status>(storage);
    supervisor.phase = input.phase;
    input.supervisor = std::make_shared<actors::supervisor_status>(supervisor);
    return input;
  }
  /// The monitor's next look, one second later.
  void look() {
    input.now += 1s;
    wall += 1s;
    monitor.observe(seen(), wall);
  }
  http::health_report report() {
    seen().probe_failures = monitor.probe_failures();
    return http::assess(input);
  }
  std::string names() {
    std::string all;
    for (const auto& each : http::find_alarms(seen(), http::assess(seen())))
      all += std::string(all.empty() ? "" : " ") + std::string(each.name);
    return all;
  }
};

std::string state_of(const http::health_report& report) {
  return std::string(to_string(report.checks.front().status)) + " "
         + std::string(to_string(report.status));
}

} // namespace

TEST_CASE("One or two failed looks in a row degrade the node, the third makes it unhealthy") {
  watched_node node;
  const char* expected[] = {"ok healthy", "ok healthy", "warning degraded", "warning degraded",
                            "failed unhealthy"};
  for (const auto* state : expected) {
    node.look(); // the actor's last tick grows older by a second each time
    CHECK(state_of(node.report()) == state);
  }
  CHECK(node.monitor.probe_failures() == 3);
  CHECK(node.monitor.looks_failed() == 3);
}

TEST_CASE("One success forgives every failed look") {
  watched_node node;
  for (int i = 0; i < 10; ++i)
    node.look();
  CHECK(state_of(node.report()) == "failed unhealthy");
  node.raft.last_tick = node.input.now + 1s;
  node.look();
  CHECK(node.monitor.probe_failures() == 0);
  CHECK(state_of(node.report()) == "ok healthy");
}

TEST_CASE("A raft actor that is silent for long has failed, however often it was looked at") {
  watched_node node;
  node.input.now += 6s;
  CHECK(state_of(node.report()) == "failed unhealthy");
}

TEST_CASE("A healthy node has no alarm") {
  CHECK(watched_node().names().empty());
}

TEST_CASE("Each trouble has its alarm") {
  constexpr auto mebibyte = base::limits::mebibyte;
  using change = std::function<void(watched_node&)>;
  const std::pair<const char*, change> table[] = {
      {"disk_full", [](auto& node) { node.storage.is_full = true, node.storage.trouble = "full"; }},
      {"disk_full", [](auto& node) { node.input.space_trouble = "the reserve is out"; }},
      {"disk_space", [](auto& node) { node.input.disk.used_percent = 85; }},
      {"wal_large", [](auto& node) { node.input.disk.wal_bytes = 150 * mebibyte; }},
      {"foreign_lock", [](auto& node) { node.storage.trouble = "process 42 holds it"; }},
      {"storage_mismatch",
       [](auto& node) {
         node.input.suspicion = std::make_shared<actors::storage_suspicion>(
             actors::storage_suspicion{"INV-56: a row does not match its digest: a", {}});
       }},
      {"state_lost", [](auto& node) { node.storage.is_lost = true; }},
      {"refused", [](auto& node) { node.input.phase = actors::phase::refused; }},
      {"state_outvoted", [](auto& node) { node.raft.core.outvoted.emplace(); }},
      {"state_differs", [](auto& node) { node.raft.core.digests_alarm = raft::log_index{4096}; }},
      {"log_damaged", [](auto& node) { node.raft.core.entries_damaged = 1; }},
      {"circuit_open", [](auto& node) { node.supervisor.circuit = actors::circuit_state::open; }},
      {"child_restarts", [](auto& node) { node.supervisor.restarts_in_window = 2; }},
      {"raft_unresponsive", [](auto& node) { node.raft.last_tick -= 10s; }},
      {"no_leader", [](auto& node) { node.raft.core.leader = {}; }},
  };
  for (const auto& [name, spoil] : table) {
    watched_node node;
    spoil(node);
    CHECK(node.names() == name);
    for (const auto& each : http::find_alarms(node.seen(), http::assess(node.seen())))
      CHECK_FALSE(each.clears.empty());
  }
}

TEST_CASE("A node that is refused because it was outvoted has both alarms") {
  watched_node node;
  node.input.phase = actors::phase::refused;
  node.supervisor.last_check.emplace().verdict = storage::verdict::refuse;
  node.supervisor.last_check->findings = {{"INV-29", "the digest at index 8192 is another", true}};
  CHECK(node.names() == "refused state_outvoted");
}

TEST_CASE("Alarms are told in one order, the worst of a disk beside the rest") {
  watched_node node;
  node.raft.core.leader = {};
  node.storage.is_full = true;
  node.storage.trouble = "no space left";
  node.supervisor.circuit = actors::circuit_state::open;
  CHECK(node.names() == "disk_full circuit_open no_leader");
}

TEST_CASE("An alarm keeps the time it was first seen, and is gone with its cause") {
  watched_node node;
  node.look();
  node.raft.core.leader = {};
  node.raft.last_tick += 1h;
  node.look();
  auto since = node.wall;
  node.look();
  auto standing = node.monitor.alarms();
  REQUIRE(standing.size() == 1);
  CHECK(standing[0].alarm.name == "no_leader");
  CHECK(standing[0].since == since);
  node.raft.core.leader = raft::server_id{2};
  node.look();
  CHECK(node.monitor.alarms().empty());
  node.raft.core.leader = {};
  node.look();
  CHECK(node.monitor.alarms().at(0).since == node.wall);
}

TEST_CASE("A raft actor that is not running says what the supervisor will do and when") {
  watched_node node;
  actors::child_status raft;
  raft.name = "raft";
  raft.state = actors::child_state::broken;
  raft.circuit = actors::circuit_state::open;
  raft.next = "one trial restart";
  raft.next_attempt_in = 212s;
  node.supervisor.children = {raft};
  node.seen().raft.reset();
  CHECK(http::assess(node.input).checks.front().message
        == "Raft actor not responding: it is broken, the circuit is open; next: one trial restart "
           "in 212 s");
}

TEST_CASE("A running server looks by itself and shows its alarms in /health") {
  running_server node;
  watched_node like;
  like.raft.core.leader = {};
  like.raft.last_tick = std::chrono::steady_clock::now() + 1h;
  like.seen();
  node.gateway.board.publish(like.raft);
  node.gateway.board.publish(like.storage);
  auto alarms = [&] { return json::parse(node.ask_admin("GET", "/health").body)["alarms"]; };
  REQUIRE(running_server::becomes([&] { return alarms().size() == 1; }));
  auto one = alarms()[0];
  CHECK(one["name"] == "no_leader");
  CHECK(one["severity"] == "warning");
  CHECK_THAT(one["since"].get<std::string>(), ContainsSubstring("T"));
  CHECK_THAT(one["clears"].get<std::string>(), ContainsSubstring("election"));
  CHECK_THAT(node.ask_admin("GET", "/metrics").body,
             ContainsSubstring("aspen_alarm{node_id=\"1\",type=\"no_leader\"} 1"));
}

TEST_CASE("What did not match stands in /health and in /metrics until a check of all passed",
          "[INV-144]") {
  running_server node;
  watched_node like;
  like.raft.last_tick = std::chrono::steady_clock::now() + 1h;
  like.seen();
  node.gateway.board.publish(like.raft);
  node.gateway.board.publish(like.storage);
  actors::scan_status scan;
  scan.last_pass = actors::scan_pass{};
  scan.last_pass->ended = std::chrono::steady_clock::now() - 90s;
  scan.last_pass->is_sum_compared = true;
  node.gateway.board.publish(scan);
  auto health = [&] { return json::parse(node.ask_admin("GET", "/health").body); };
  auto has_alarm = [&] {
    auto alarms = health()["alarms"];
    return std::any_of(alarms.begin(), alarms.end(),
                       [](const json& each) { return each["name"] == "storage_mismatch"; });
  };
  auto before = health();
  CHECK(before["storage_scan"]["result"] == "ok");
  CHECK(before["storage_scan"]["last_pass"]["age_seconds"] >= 90);
  CHECK(before["storage_verified"] == true);
  CHECK_THAT(node.ask_admin("GET", "/metrics").body,
             ContainsSubstring("aspen_storage_scan_sum_compared{node_id=\"1\"} 1")
                 && ContainsSubstring("aspen_storage_mismatches_total{node_id=\"1\"} 0"));

  node.gateway.board.suspect("INV-56: a row does not match its digest: a");
  node.gateway.board.suspect("what follows from it");
  auto found = health();
  CHECK(found["status"] == "unhealthy");
  CHECK(found["storage_scan"]["result"] == "mismatch");
  CHECK(found["storage_scan"]["mismatch"]["message"]
        == "INV-56: a row does not match its digest: a");
  CHECK(found["storage_verified"] == false);
  CHECK_THAT(node.ask_admin("GET", "/metrics").body,
             ContainsSubstring("aspen_storage_scan_mismatch{node_id=\"1\"} 1")
                 && ContainsSubstring("aspen_storage_mismatches_total{node_id=\"1\"} 2"));
  CHECK(running_server::becomes(has_alarm));

  node.gateway.board.forget<actors::storage_suspicion>();
  CHECK(health()["storage_scan"]["result"] == "ok");
  CHECK(running_server::becomes([&] { return !has_alarm(); }));
  CHECK_THAT(node.ask_admin("GET", "/metrics").body,
             ContainsSubstring("aspen_storage_scan_mismatch{node_id=\"1\"} 0")
                 && ContainsSubstring("aspen_storage_mismatches_total{node_id=\"1\"} 2"));
}

TEST_CASE("A refused node shows both numbers and what to do") {
  running_server node;
  actors::supervisor_status said;
  said.phase = actors::phase::refused;
  storage::check_report found;
  found.verdict = storage::verdict::refuse;
  found.last_applied = raft::entry_id{raft::log_index{105}, raft::term{3}};
  found.commit_index = raft::log_index{100};
  found.what_to_do = "keep the files";
  said.last_check = found;
  node.gateway.board.publish(said);
  auto got = node.ask_admin("GET", "/health");
  CHECK(got.status == 503);
  CHECK(json::parse(got.body)["refusal"]
        == json{{"last_applied", 105}, {"committed", 100}, {"what_to_do", "keep the files"}});
}
