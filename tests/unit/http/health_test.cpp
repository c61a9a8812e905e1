// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "base/limits.hpp"
#include "http/health.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using base::limits::mebibyte;
using matchers::ContainsSubstring;
using nlohmann::json;

namespace {

/// A running leader on SQLite; each test spoils one thing.
struct healthy_node {
  actors::raft_status raft;
  actors::storage_status storage;
  actors::supervisor_status supervisor;
  http::health_input input;

  healthy_node() {
    input.phase = actors::phase::running;
    input.now = std::chrono::steady_clock::now();
    raft.last_tick = input.now;
    raft.core.role = raft::role_name::leader;
    raft.core.leader = raft::server_id{1};
    raft.core.membership.voters.push_back({raft::server_id{1}, {}, "", ""});
    storage.has_wal = true;
    supervisor.phase = actors::phase::running;
    input.has_wal_file = true;
    input.disk.wal_bytes = 0;
  }
  http::health_report report() {
    input.raft = std::make_shared<actors::raft_status>(raft);
    input.storage = std::make_shared<actors::storage_status>(storage);
    input.supervisor = std::make_shared<actors::supervisor_status>(supervisor);
    return http::assess(input);
  }
};

const http::health_check& check(const http::health_report& report, std::string_view name) {
  for (const auto& each : report.checks)
    if (each.name == name)
      return each;
  throw std::runtime_error("no such check");
}

using http::check_status;
using http::health_status;

} // namespace

TEST_CASE("A healthy node says ok to every check, and nothing more") {
  auto report = healthy_node().report();
  CHECK(report.status == health_status::healthy);
  for (const auto& each : report.checks) {
    CHECK(each.status == check_status::ok);
    CHECK(each.message.empty());
  }
}

TEST_CASE("The WAL's levels are the guide's, and so are the words") {
  healthy_node node;
  node.input.disk.wal_bytes = 100 * mebibyte;
  CHECK(check(node.report(), "wal_file").status == check_status::ok);
  node.input.disk.wal_bytes = 150 * mebibyte;
  CHECK(node.report().status == health_status::degraded);
  CHECK(check(node.report(), "wal_file").message
        == "WAL file size: 150MB (exceeds 100MB threshold)");
  node.input.disk.wal_bytes = 500 * mebibyte;
  CHECK(check(node.report(), "wal_file").status == check_status::warning);
  node.input.disk.wal_bytes = 550 * mebibyte;
  CHECK(node.report().status == health_status::unhealthy);
  CHECK(check(node.report(), "wal_file").status == check_status::critical);
  CHECK(check(node.report(), "wal_file").message
        == "WAL file size: 550MB (exceeds 500MB critical threshold)");
}

TEST_CASE("The disk's levels are 80 and 95 percent") {
  healthy_node node;
  node.input.disk.used_percent = 79;
  CHECK(node.report().status == health_status::healthy);
  node.input.disk.used_percent = 80;
  CHECK(check(node.report(), "disk_space").message == "Disk usage high: 80%");
  CHECK(node.report().status == health_status::degraded);
  node.input.disk.used_percent = 95;
  CHECK(check(node.report(), "disk_space").message == "Disk usage critical: 95% (threshold: 95%)");
  CHECK(node.report().status == health_status::unhealthy);
  node.input.is_in_memory = true;
  CHECK(check(node.report(), "disk_space").message == "In-memory storage (no disk check needed)");
}

TEST_CASE("A raft actor that does not tick does not respond") {
  healthy_node node;
  node.raft.last_tick = node.input.now - std::chrono::seconds{6};
  CHECK(node.report().status == health_status::unhealthy);
  CHECK_THAT(check(node.report(), "raft_actor").message,
             ContainsSubstring("Raft actor not responding: no tick for 6 s"));
}

TEST_CASE("Without a leader, or with a foreign writer, the node is degraded") {
  healthy_node node;
  node.raft.core.leader = {};
  CHECK(node.report().status == health_status::degraded);
  CHECK(check(node.report(), "raft_cluster").message == "No leader elected");
  healthy_node other;
  other.storage.trouble = "process 42 holds the database";
  CHECK(other.report().status == health_status::degraded);
  CHECK(check(other.report(), "storage").message == "process 42 holds the database");
}

TEST_CASE("A refused node names every violated rule with what was read") {
  healthy_node node;
  node.input.phase = node.supervisor.phase = actors::phase::refused;
  storage::check_report found;
  found.verdict = storage::verdict::refuse;
  found.findings = {
      {"INV-70", "State machine corruption detected: last_applied (105) exceeds committed (100)",
       true},
      {"INV-71", "identities agree", false}};
  node.supervisor.last_check = found;
  auto report = node.report();
  CHECK(report.status == health_status::unhealthy);
  const auto& storage = check(report, "storage");
  CHECK(to_string(storage.status) == "failed");
  CHECK(storage.violations.size() == 1);
  CHECK_THAT(storage.message, ContainsSubstring("last_applied (105) exceeds committed (100)"));
}

TEST_CASE("A state that differs from the replicas' is said with what was found") {
  healthy_node node;
  node.raft.core.digests_alarm = raft::log_index{4096};
  CHECK(node.report().status == health_status::degraded);
  CHECK(check(node.report(), "state_digest").status == check_status::warning);
  CHECK_THAT(check(node.report(), "state_digest").message, ContainsSubstring("index 4096"));
  raft::digest_point own{raft::log_index{8192}, 1, {1, 2, 3, 4}};
  node.raft.core.outvoted = raft::state_outvote{own, {own.index, 1, {5, 6, 7, 8}}};
  CHECK(node.report().status == health_status::unhealthy);
  CHECK(check(node.report(), "state_digest").status == check_status::failed);
  CHECK_THAT(check(node.report(), "state_digest").message, ContainsSubstring("index 8192"));
}

TEST_CASE("A node fenced by the other replicas says so for as long as it is refused") {
  healthy_node node;
  node.supervisor.phase = node.input.phase = actors::phase::refused;
  node.supervisor.last_check.emplace().verdict = storage::verdict::refuse;
  node.supervisor.last_check->findings = {{"INV-29", "the digest at index 8192 is another", true}};
  auto said = check(node.report(), "state_digest");
  CHECK(said.status == check_status::failed);
  CHECK(said.message == "Fenced: the digest at index 8192 is another");
}

TEST_CASE("Damaged entries of the log are counted until they are repaired") {
  healthy_node node;
  node.raft.core.entries_damaged = 3;
  node.raft.core.first_damaged = raft::log_index{17};
  CHECK(node.report().status == health_status::unhealthy);
  CHECK(check(node.report(), "raft_log").status == check_status::critical);
  CHECK_THAT(check(node.report(), "raft_log").message, ContainsSubstring("first at index 17"));
}

TEST_CASE("Supervision degrades with a half-open circuit and fails with an open one") {
  healthy_node node;
  node.supervisor.circuit = actors::circuit_state::half_open;
  CHECK(node.report().status == health_status::degraded);
  node.supervisor.circuit = actors::circuit_state::open;
  CHECK(node.report().status == health_status::unhealthy);
}

TEST_CASE("Health is answered before the actors say anything, and while they are stuck") {
  running_server node;
  node.gateway.board.forget<actors::supervisor_status>();
  node.gateway.hold();
  auto early = node.ask("GET", "/health");
  CHECK(early.status == 503);
  auto body = json::parse(early.body);
  CHECK(body["status"] == "unhealthy");
  CHECK(body["phase"] == "starting");
  CHECK(node.ask_admin("GET", "/health").status == 503);
  CHECK(node.ask_admin("GET", "/startupz").status == 503);
  CHECK(node.ask_admin("GET", "/livez").status == 200);
}

TEST_CASE("A node whose state comes from another says how far that is, and has not started") {
  running_server node;
  healthy_node like;
  node.gateway.board.publish(like.supervisor);
  node.gateway.board.publish(like.raft);
  like.storage.is_lost = true;
  node.gateway.board.publish(like.storage);
  auto waiting = node.ask_admin("GET", "/startupz");
  CHECK(waiting.status == 503);
  CHECK_THAT(waiting.body, ContainsSubstring("waiting for a snapshot"));
  actors::snapshot_received_status coming;
  coming.at = actors::snapshot_received_status::stage::receiving;
  coming.from = raft::server_id{2};
  coming.index = raft::log_index{7};
  coming.bytes_received = 12 << 20;
  coming.bytes_total = 34 << 20;
  node.gateway.board.publish(coming);
  auto receiving = node.ask_admin("GET", "/startupz");
  CHECK(receiving.status == 503);
  CHECK_THAT(receiving.body,
             ContainsSubstring("receiving a snapshot at index 7 from node 2: 12 of 34 MiB"));
  like.storage.is_lost = false;
  node.gateway.board.publish(like.storage);
  CHECK(node.ask_admin("GET", "/startupz").status == 200);
}

TEST_CASE("The health report holds what the guide shows") {
  running_server node;
  healthy_node like;
  node.gateway.board.publish(like.raft);
  node.gateway.board.publish(like.storage);
  auto got = node.ask("GET", "/health");
  CHECK(got.status == 200);
  CHECK(got.field("content-type") == "application/json");
  auto body = json::parse(got.body);
  CHECK(body["status"] == "healthy");
  CHECK(body["checks"]["raft_actor"] == json{{"status", "ok"}});
  CHECK(body["checks"]["storage"] == json{{"status", "ok"}});
  CHECK(body["checks"]["wal_file"] == json{{"status", "ok"}});
  CHECK(body["node_id"] == 1);
  CHECK(body["raft_node_id"] == 1);
  CHECK(body["phase"] == "running");
  CHECK(body["supervision"]["status"] == "healthy");
  CHECK(body["supervision"]["circuit_state"] == "closed");
  CHECK(body["supervision"]["total_restarts"] == 0);
}

TEST_CASE("Probes follow Kubernetes' conventions") {
  running_server node;
  auto not_ready = node.ask_admin("GET", "/readyz");
  CHECK(not_ready.status == 503);
  CHECK_THAT(not_ready.body, ContainsSubstring("[+]ping ok\n")
                                 && ContainsSubstring("[-]leader failed: no leader is known\n")
                                 && ContainsSubstring("readyz check failed\n"));
  CHECK(node.ask_admin("GET", "/readyz?exclude=leader&exclude=raft_actor&exclude=storage").status
        == 200);
  CHECK(node.ask_admin("GET", "/readyz/ping").status == 200);
  CHECK(node.ask_admin("GET", "/readyz/leader").status == 503);
  CHECK(node.ask_admin("GET", "/readyz/nonsense").status == 404);
  healthy_node like;
  node.gateway.board.publish(like.raft);
  node.gateway.board.publish(like.storage);
  CHECK(node.ask_admin("GET", "/readyz").body == "ok");
  CHECK_THAT(node.ask_admin("GET", "/readyz?verbose").body, ContainsSubstring("[+]leader ok\n"));
  CHECK(node.ask_admin("HEAD", "/readyz").status == 200);
  like.storage.trouble = "the disk is full";
  node.gateway.board.publish(like.storage);
  CHECK(node.ask_admin("GET", "/readyz").status == 200);
  CHECK(node.ask_admin("GET", "/readyz?for=write").status == 503);
}
