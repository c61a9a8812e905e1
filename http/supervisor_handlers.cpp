// SPDX-License-Identifier: Apache-2.0
#include "http/supervisor_handlers.hpp"

#include <ctime>

#include <nlohmann/json.hpp>

namespace http {

namespace {

using nlohmann::ordered_json;
using std::chrono::milliseconds;

std::string dump(const ordered_json& body) {
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

ordered_json text_or_null(std::string_view text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

std::int64_t milliseconds_since(std::chrono::steady_clock::time_point then) {
  return std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - then).count();
}

ordered_json child_json(const actors::child_status& child) {
  bool is_up = child.state == actors::child_state::running;
  ordered_json made;
  made["name"] = child.name;
  made["group"] = text_or_null(child.group);
  made["state"] = actors::to_string(child.state);
  made["state_since_ms"] = milliseconds_since(child.since);
  made["uptime_ms"] = is_up ? ordered_json(milliseconds_since(child.since)) : ordered_json(nullptr);
  made["restart"] = text_or_null(child.restart_kind);
  made["restarts"] = child.restarts;
  made["restarts_in_window"] = child.restarts_in_window;
  made["backoff_ms"] = child.next_delay.count();
  made["circuit_state"] = actors::to_string(child.circuit);
  made["last_error"] = text_or_null(child.last_error);
  made["next"] = text_or_null(child.next);
  made["next_attempt_in_ms"] =
      child.next_attempt_in ? ordered_json(child.next_attempt_in->count()) : ordered_json(nullptr);
  return made;
}

ordered_json index_or_null(const std::optional<raft::log_index>& index) {
  return index ? ordered_json(index->value) : ordered_json(nullptr);
}

ordered_json check_json(const actors::supervisor_status& said) {
  const auto& check = *said.last_check;
  ordered_json made{{"time", rfc_3339(said.last_check_at)},
                    {"verdict", storage::to_string(check.verdict)},
                    {"last_applied", nullptr},
                    {"committed", index_or_null(check.commit_index)},
                    {"last_index", index_or_null(check.last_index)},
                    {"what_to_do", text_or_null(check.what_to_do)},
                    {"duration_ms", check.duration_ms},
                    {"digest_was_complete", check.digest_was_complete},
                    {"findings", ordered_json::array()}};
  if (check.last_applied)
    made["last_applied"] = {{"term", check.last_applied->term.value},
                            {"index", check.last_applied->index.value}};
  for (const auto& finding : check.findings)
    made["findings"].push_back(
        {{"rule", finding.rule}, {"text", finding.text}, {"is_violated", finding.is_violated}});
  return made;
}

reply ask_for_restart(const request& what, asker& ask, bool clears_quarantine) {
  auto under_way = ask.restart_child(what.parameter, clears_quarantine);
  if (!under_way)
    return to_reply(refusal_from(under_way.error(), false));
  return json_reply(200, dump({{"status", "under_way"}, {"what", under_way->what}}));
}

} // namespace

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

reply get_supervisor(const request&, asker&, site& at) {
  auto said = at.gateway.status().get<actors::supervisor_status>();
  ordered_json body;
  body["phase"] = actors::to_string(at.phase());
  body["circuit_state"] =
      said ? ordered_json(actors::to_string(said->circuit)) : ordered_json(nullptr);
  body["total_restarts"] = said ? said->restarts_total : 0;
  body["restarts_in_window"] = said ? said->restarts_in_window : 0;
  body["published_ms_ago"] =
      said ? ordered_json(milliseconds_since(said->last_tick)) : ordered_json(nullptr);
  body["children"] = ordered_json::array();
  body["last_check"] = nullptr;
  body["events"] = ordered_json::array();
  if (!said)
    return json_reply(200, dump(body));
  for (const auto& child : said->children)
    body["children"].push_back(child_json(child));
  if (said->last_check)
    body["last_check"] = check_json(*said);
  for (const auto& event : said->events)
    body["events"].push_back({{"time", rfc_3339(event.at)},
                              {"kind", event.what},
                              {"child", event.child},
                              {"reason", event.detail},
                              {"dump", text_or_null(event.dump)}});
  return json_reply(200, dump(body));
}

reply restart_child(const request& what, asker& ask, site&) {
  return ask_for_restart(what, ask, false);
}

reply clear_child(const request& what, asker& ask, site&) {
  return ask_for_restart(what, ask, true);
}

} // namespace http
