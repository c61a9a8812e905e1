// SPDX-License-Identifier: Apache-2.0
#include "http/board_collector.hpp"

#include <algorithm>
#include <array>

#include "base/version.hpp"
#include "http/collect_raft.hpp"
#include "http/family_builder.hpp"
#include "http/health_handlers.hpp"
#include "http/process_metrics.hpp"
#include "http/protocol.hpp"

namespace http {

namespace {

using std::string;

void add_identity(family_builder& into, const site& at) {
  const auto& versions = at.settings.versions;
  into.gauge("aspen_node_info", "1; which node this is").sample(true);
  into.gauge("aspen_build_info", "1; what was built and what it is linked with")
      .sample(true, {{"version", string(base::version)},
                     {"commit", string(base::git_commit)},
                     {"caf", versions.caf},
                     {"sqlite", versions.sqlite},
                     {"sqlite_wal_reset_bug", versions.sqlite_has_wal_reset_bug ? "true" : "false"},
                     {"lmdb", versions.lmdb},
                     {"httplib", protocol::library_version()}});
}

void add_recorder(family_builder& into, const site& at) {
  const auto* recorder = at.settings.recorder.get();
  into.gauge("aspen_trace_ring_bytes", "Size of the flight recorder's ring; 0: nothing is recorded")
      .sample(recorder ? recorder->size_bytes() : 0);
  into.gauge("aspen_trace_survives_crash", "Whether the ring is a file that outlives the process")
      .sample(recorder && recorder->is_in_file());
}

void add_storage(family_builder& into, const health_input& seen,
                 const actors::status_board& board) {
  static const actors::storage_status nothing{};
  const auto& storage = seen.storage ? *seen.storage : nothing;
  auto pool = board.get<actors::pool_status>();
  auto sent = board.get<actors::snapshots_sent_status>();
  auto log = board.get<actors::log_status>();
  into.gauge("sqlite_wal_size_bytes", "Current WAL file size in bytes").sample(wal_bytes(seen));
  into.gauge("sqlite_wal_frames", "WAL frames not yet known to be in the database file")
      .sample(storage.wal.frames);
  into.gauge("sqlite_db_size_bytes", "Size of the state machine's file").sample(storage.file_bytes);
  into.gauge("sqlite_pool_size", "Readers in the pool").sample(pool ? pool->size : 0);
  into.gauge("sqlite_pool_in_use", "Readers at work").sample(pool ? pool->in_use : 0);
  into.gauge("sqlite_pool_waiters", "Reads that wait for a reader")
      .sample(pool ? pool->waiters : 0);
  into.gauge("aspen_log_entries", "Entries kept in the log").sample(log ? log->sizes.entries : 0);
  into.gauge("aspen_log_entry_bytes", "Bytes of the entries kept")
      .sample(log ? log->sizes.entry_bytes : 0);
  into.gauge("lmdb_file_size_bytes", "Size of the log's file")
      .sample(log ? log->sizes.file_bytes : 0);
  into.gauge("lmdb_map_size_bytes", "Size to which the log's file may grow")
      .sample(log ? log->sizes.map_bytes : 0);
  into.counter("aspen_snapshots_built_total", "Snapshots built").sample(sent ? sent->built : 0);
  into.gauge("aspen_disk_size_bytes", "Size of the fullest file system in use")
      .sample(seen.disk.total_bytes);
  into.gauge("aspen_disk_available_bytes", "What is left of it to this process")
      .sample(seen.disk.available_bytes);
}

void add_scan(family_builder& into, const health_input& seen, std::uint64_t suspicions) {
  static const actors::scan_status nothing{};
  const auto& scan = seen.scan ? *seen.scan : nothing;
  auto age = scan.last_pass
                 ? std::chrono::duration<double>(seen.now - scan.last_pass->ended).count()
                 : -1.0;
  into.gauge("aspen_storage_scan_running",
             "1 while all that is stored is compared with its digests")
      .sample(scan.is_running);
  into.gauge("aspen_storage_scan_rows", "Rows compared in this pass, or the last one")
      .sample(scan.rows);
  into.gauge("aspen_storage_scan_entries",
             "Entries of the log compared in this pass, or the last one")
      .sample(scan.entries);
  into.gauge("aspen_storage_scan_bytes", "Bytes compared in this pass, or the last one")
      .sample(scan.bytes);
  into.counter("aspen_storage_scan_passes_total", "Passes that found no difference")
      .sample(scan.passes);
  into.gauge("aspen_storage_scan_age_seconds", "Since the last pass ended; -1 before the first")
      .sample(age);
  into.gauge("aspen_storage_scan_sum_compared",
             "1 when the last pass compared the sum of all rows with the recorded one, too")
      .sample(scan.last_pass && scan.last_pass->is_sum_compared);
  into.gauge("aspen_storage_scan_mismatch",
             "1 from something stored that did not match to a check of all that passes")
      .sample(seen.suspicion != nullptr);
  into.counter("aspen_storage_mismatches_total",
               "Things stored that did not match, found in a pass or by any read")
      .sample(suspicions);
}

void add_supervision(family_builder& into, const health_input& seen) {
  static const actors::supervisor_status nothing{};
  const auto& said = seen.supervisor ? *seen.supervisor : nothing;
  using actors::circuit_state;
  using actors::phase;
  into.gauge("aspen_phase", "1 for the phase the node is in");
  for (auto each : {phase::starting, phase::running, phase::refused, phase::draining})
    into.sample(seen.phase == each, {{"phase", string(actors::to_string(each))}});
  into.gauge("aspen_circuit_breaker_state", "1 for the state of the restart circuit");
  for (auto each : {circuit_state::closed, circuit_state::open, circuit_state::half_open})
    into.sample(said.circuit == each, {{"state", string(actors::to_string(each))}});
  into.counter("aspen_restarts_total", "Restarts by the supervisor").sample(said.restarts_total);
  into.gauge("aspen_restarts_in_window", "Restarts that count towards the circuit")
      .sample(said.restarts_in_window);
  into.counter("aspen_child_restarts_total", "Restarts of one child");
  for (const auto& child : said.children)
    into.sample(child.restarts, {{"child", child.name}});
  auto report = assess(seen);
  auto is_failed = [](const health_check& check) { return check.status == check_status::failed; };
  const auto& actor = report.checks.front();
  into.gauge("aspen_raft_actor_health_status", "2 healthy, 1 degraded, 0 unhealthy")
      .sample(is_failed(actor)                   ? 0.0
              : actor.status == check_status::ok ? 2.0
                                                 : 1.0);
  into.gauge("aspen_consecutive_health_failures", "Failed looks at the raft actor in a row")
      .sample(std::uint64_t{seen.probe_failures});
  auto alarms = find_alarms(seen, report);
  into.gauge("aspen_alarm", "1 while the alarm stands");
  for (auto name : alarm_names)
    into.sample(std::ranges::find(alarms, name, &alarm::name) != alarms.end(),
                {{"type", string(name)}});
  into.gauge("aspen_health_check_status", "0 ok, 1 warning, 2 critical or failed");
  for (const auto& check : report.checks)
    into.sample(std::min(2.0, static_cast<double>(check.status)), {{"check", string(check.name)}});
}

void add_actors(family_builder& into, const std::vector<actors::actor_view>& all) {
  struct column {
    const char* name;
    const char* help;
    std::uint64_t actors::actor_view::* value;
    bool is_counter;
  };
  constexpr std::array columns{column{"aspen_actor_mailbox_depth", "Messages that wait",
                                      &actors::actor_view::mailbox_depth, false},
                               column{"aspen_actor_messages_total", "Messages handled",
                                      &actors::actor_view::messages_total, true},
                               column{"aspen_actor_rejected_total",
                                      "Messages refused by a full mailbox",
                                      &actors::actor_view::rejected_total, true},
                               column{"aspen_actor_restarts_total", "Restarts of the actor",
                                      &actors::actor_view::restarts, true}};
  for (const auto& each : columns) {
    each.is_counter ? into.counter(each.name, each.help) : into.gauge(each.name, each.help);
    for (const auto& actor : all)
      into.sample(actor.*each.value, {{"actor", actor.name}});
  }
}

} // namespace

std::vector<prometheus::MetricFamily> collect_board(site& at) {
  auto seen = look_around(at);
  family_builder families(at.settings.node_id);
  add_identity(families, at);
  add_raft(families, seen);
  add_peers(families, look_at_cluster(at));
  add_storage(families, seen, at.gateway.status());
  add_scan(families, seen, at.gateway.status().suspicions());
  add_supervision(families, seen);
  add_actors(families, at.gateway.list_actors());
  families.gauge("aspen_uptime_seconds", "Since the HTTP side began")
      .sample(std::chrono::duration<double>(seen.now - at.started).count());
  add_process_families(families);
  add_recorder(families, at);
  return families.take();
}

} // namespace http
