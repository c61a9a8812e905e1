// SPDX-License-Identifier: Apache-2.0
#include "http/health_handlers.hpp"

#include <nlohmann/json.hpp>

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

ordered_json supervision_json(const health_report& report, const actors::supervisor_status& said) {
  ordered_json made;
  made["status"] = to_string(report.supervision);
  made["enabled"] = true;
  made["circuit_state"] = actors::to_string(said.circuit);
  made["restarts_in_window"] = said.restarts_in_window;
  made["total_restarts"] = said.restarts_total;
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
  seen.self = raft::server_id{at.settings.node_id};
  seen.supervisor = board.get<actors::supervisor_status>();
  seen.disk = at.disk.read();
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
    body["supervision"] = supervision_json(report, *seen.supervisor);
  if (seen.storage)
    body["storage_verified"] = seen.storage->is_verified;
  if (!at.settings.versions.sqlite.empty()) {
    body["sqlite_version"] = at.settings.versions.sqlite;
    body["sqlite_wal_reset_bug"] = at.settings.versions.sqlite_has_wal_reset_bug;
  }
  return json_reply(report.status == health_status::unhealthy ? 503 : 200,
                    body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

} // namespace http
