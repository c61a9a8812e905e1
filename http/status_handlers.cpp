// SPDX-License-Identifier: Apache-2.0
#include "http/status_handlers.hpp"

#include <ctime>

#include <nlohmann/json.hpp>
#include <prometheus/text_serializer.h>

#include "base/version.hpp"
#include "http/board_collector.hpp"
#include "http/protocol.hpp"

namespace http {

namespace {

using nlohmann::ordered_json;
using std::chrono::milliseconds;

reply to_reply(const ordered_json& body) {
  return json_reply(200, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

std::int64_t milliseconds_since(std::chrono::steady_clock::time_point then) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - then).count();
}

std::string rfc_3339(std::chrono::system_clock::time_point at) {
  auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  auto millis = std::chrono::duration_cast<milliseconds>(at - seconds).count();
  auto whole = std::chrono::system_clock::to_time_t(seconds);
  std::tm utc{};
  gmtime_r(&whole, &utc);
  char text[40];
  auto length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + length, sizeof text - length, ".%03dZ", static_cast<int>(millis));
  return text;
}

std::string_view verdict_name(storage::verdict value) {
  switch (value) {
  case storage::verdict::ok: return "ok";
  case storage::verdict::retry: return "retry";
  case storage::verdict::rebuild: return "rebuild";
  case storage::verdict::refuse: return "refuse";
  }
  return "refuse";
}

ordered_json child_json(const actors::child_status& child) {
  ordered_json made;
  made["name"] = child.name;
  made["group"] = text_or_null(child.group);
  made["state"] = actors::to_string(child.state);
  made["state_since_ms"] = milliseconds_since(child.since);
  made["restarts"] = child.restarts;
  made["last_error"] = text_or_null(child.last_error);
  made["next_attempt_in_ms"] =
      child.next_attempt_in ? ordered_json(child.next_attempt_in->count()) : ordered_json(nullptr);
  return made;
}

} // namespace

reply get_version(const request&, asker&, site& at) {
  const auto& versions = at.settings.versions;
  ordered_json body;
  body["version"] = base::version;
  body["commit"] = base::git_commit;
  body["caf"] = text_or_null(versions.caf);
  body["sqlite"] = text_or_null(versions.sqlite);
  body["sqlite_wal_reset_bug"] = versions.sqlite_has_wal_reset_bug;
  body["lmdb"] = text_or_null(versions.lmdb);
  body["httplib"] = protocol::library_version();
  return to_reply(body);
}

reply get_supervisor(const request&, asker&, site& at) {
  auto said = at.gateway.status().get<actors::supervisor_status>();
  ordered_json body;
  body["phase"] = actors::to_string(at.phase());
  body["circuit_state"] =
      said ? ordered_json(actors::to_string(said->circuit)) : ordered_json(nullptr);
  body["total_restarts"] = said ? said->restarts_total : 0;
  body["restarts_in_window"] = said ? said->restarts_in_window : 0;
  body["children"] = ordered_json::array();
  body["events"] = ordered_json::array();
  body["last_check"] = nullptr;
  if (!said)
    return to_reply(body);
  for (const auto& child : said->children)
    body["children"].push_back(child_json(child));
  for (const auto& event : said->events)
    body["events"].push_back({{"at", rfc_3339(event.at)},
                              {"child", event.child},
                              {"what", event.what},
                              {"detail", event.detail}});
  if (said->last_check) {
    const auto& check = *said->last_check;
    body["last_check"] = {{"verdict", verdict_name(check.verdict)},
                          {"what_to_do", text_or_null(check.what_to_do)},
                          {"duration_ms", check.duration_ms},
                          {"digest_was_complete", check.digest_was_complete},
                          {"findings", ordered_json::array()}};
    for (const auto& finding : check.findings)
      body["last_check"]["findings"].push_back(
          {{"rule", finding.rule}, {"text", finding.text}, {"is_violated", finding.is_violated}});
  }
  return to_reply(body);
}

reply get_actors(const request&, asker&, site& at) {
  ordered_json body;
  body["actors"] = ordered_json::array();
  for (const auto& each : at.gateway.list_actors()) {
    ordered_json one;
    one["name"] = each.name;
    one["kind"] = each.kind;
    one["parent"] = text_or_null(each.parent);
    one["state"] = each.state;
    one["mailbox_depth"] = each.mailbox_depth;
    one["oldest_message_ms"] = each.oldest_message_ms;
    one["current_message"] = text_or_null(each.current_message);
    one["messages_total"] = each.messages_total;
    one["rejected_total"] = each.rejected_total;
    one["queue_p50_us"] = each.queue_p50_us;
    one["queue_p99_us"] = each.queue_p99_us;
    one["handle_p50_us"] = each.handle_p50_us;
    one["handle_p99_us"] = each.handle_p99_us;
    one["restarts"] = each.restarts;
    one["last_error"] = text_or_null(each.last_error);
    body["actors"].push_back(std::move(one));
  }
  return to_reply(body);
}

reply get_metrics(const request&, asker&, site& at) {
  auto families = at.metrics.registry().Collect();
  auto of_board = collect_board(at);
  families.insert(families.end(), std::make_move_iterator(of_board.begin()),
                  std::make_move_iterator(of_board.end()));
  reply made;
  made.content_type = "text/plain; version=0.0.4; charset=utf-8";
  made.body = prometheus::TextSerializer().Serialize(families);
  return made;
}

} // namespace http
