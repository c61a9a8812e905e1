// SPDX-License-Identifier: Apache-2.0
#include "http/health_handlers.hpp"

#include <nlohmann/json.hpp>

#include "http/supervisor_handlers.hpp"

namespace http {

namespace {

using nlohmann::ordered_json;

ordered_json to_json(const health_check& check) {
  ordered_json made;
  made["status"] = to_string(check.status);
  if (!check.message.empty())
    made["message"] = check.message;
  if (!check.violations.empty())
    made["violations"] = check.violations;
  return made;
}

ordered_json supervision_json(const health_report& report, const health_input& seen) {
  const auto& said = *seen.supervisor;
  ordered_json made;
  made["status"] = to_string(report.supervision);
  made["enabled"] = true;
  made["consecutive_failures"] = seen.probe_failures;
  made["circuit_state"] = actors::to_string(said.circuit);
  made["restarts_in_window"] = said.restarts_in_window;
  made["total_restarts"] = said.restarts_total;
  made["last_restart"] = nullptr;
  for (const auto& event : said.events)
    if (event.what == "restarted")
      made["last_restart"] = rfc_3339(event.at);
  return made;
}

/// What the gate read when it said no: the rules stand in the check `storage`.
ordered_json refusal_json(const storage::check_report& found) {
  ordered_json made{{"last_applied", nullptr}, {"committed", nullptr}};
  if (found.last_applied)
    made["last_applied"] = found.last_applied->index.value;
  if (found.commit_index)
    made["committed"] = found.commit_index->value;
  made["what_to_do"] = found.what_to_do;
  return made;
}

ordered_json alarms_json(const std::vector<standing_alarm>& alarms) {
  auto made = ordered_json::array();
  for (const auto& each : alarms)
    made.push_back({{"name", each.alarm.name},
                    {"severity", to_string(each.alarm.severity)},
                    {"since", rfc_3339(each.since)},
                    {"message", each.alarm.message},
                    {"clears", each.alarm.clears}});
  return made;
}

std::string_view result_of(const health_input& seen, const actors::scan_status& scan) {
  if (seen.suspicion)
    return "mismatch";
  return scan.last_pass ? "ok" : "none";
}

/// Beside the service everything is compared with its digests: how far, when last, what came of it.
ordered_json scan_json(const health_input& seen) {
  static const actors::scan_status stopped{};
  const auto& scan = seen.scan ? *seen.scan : stopped;
  ordered_json made{{"state", !seen.scan        ? "stopped"
                              : scan.is_running ? "running"
                                                : "waiting"},
                    {"result", result_of(seen, scan)},
                    {"rows", scan.rows},
                    {"entries", scan.entries},
                    {"bytes", scan.bytes},
                    {"passes", scan.passes},
                    {"last_pass", nullptr}};
  if (seen.suspicion)
    made["mismatch"] = {{"found", rfc_3339(seen.suspicion->found_at)},
                        {"message", seen.suspicion->text}};
  if (const auto& last = scan.last_pass)
    made["last_pass"] = {
        {"age_seconds",
         std::chrono::duration_cast<std::chrono::seconds>(seen.now - last->ended).count()},
        {"duration_ms", last->took.count()},
        {"rows", last->rows},
        {"entries", last->entries},
        {"bytes", last->bytes},
        {"sum_compared", last->is_sum_compared}};
  return made;
}

} // namespace

health_input look_around(site& at) {
  const auto& board = at.gateway.status();
  health_input seen;
  seen.phase = at.phase();
  seen.raft = board.get<actors::raft_status>();
  seen.storage = board.get<actors::storage_status>();
  seen.peers = board.get<actors::peers_status>();
  seen.scan = board.get<actors::scan_status>();
  seen.suspicion = board.get<actors::storage_suspicion>();
  seen.self = raft::server_id{at.settings.node_id};
  seen.supervisor = board.get<actors::supervisor_status>();
  seen.disk = at.disk.read();
  if (at.settings.space_trouble)
    seen.space_trouble = at.settings.space_trouble();
  seen.probe_failures = at.monitor.probe_failures();
  seen.is_in_memory = at.settings.is_in_memory;
  seen.has_wal_file = !at.settings.wal_path.empty();
  // Taken last: nothing that was said lies after it.
  seen.now = std::chrono::steady_clock::now();
  return seen;
}

reply get_health(const request&, asker&, site& at) {
  auto seen = look_around(at);
  auto report = assess(seen);
  at.metrics.count_health(report.status != health_status::unhealthy);
  ordered_json body;
  body["status"] = to_string(report.status);
  for (const auto& check : report.checks)
    body["checks"][std::string(check.name)] = to_json(check);
  body["node_id"] = at.settings.node_id;
  body["raft_node_id"] = at.settings.node_id;
  body["phase"] = actors::to_string(seen.phase);
  body["uptime_seconds"] =
      std::chrono::duration_cast<std::chrono::seconds>(seen.now - at.started).count();
  if (report.is_supervised)
    body["supervision"] = supervision_json(report, seen);
  if (seen.phase == actors::phase::refused && seen.supervisor && seen.supervisor->last_check)
    body["refusal"] = refusal_json(*seen.supervisor->last_check);
  body["alarms"] = alarms_json(at.monitor.alarms());
  if (seen.storage)
    body["storage_verified"] =
        !seen.suspicion
        && (seen.storage->is_verified || (seen.scan && seen.scan->last_pass.has_value()));
  if (seen.scan || seen.suspicion)
    body["storage_scan"] = scan_json(seen);
  if (!at.settings.versions.sqlite.empty()) {
    body["sqlite_version"] = at.settings.versions.sqlite;
    body["sqlite_wal_reset_bug"] = at.settings.versions.sqlite_has_wal_reset_bug;
  }
  return json_reply(report.status == health_status::unhealthy ? 503 : 200,
                    body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

} // namespace http
