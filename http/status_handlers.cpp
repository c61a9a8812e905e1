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

std::string_view state_name(raft::role_name role) {
  switch (role) {
  case raft::role_name::leader: return "leader";
  case raft::role_name::follower: return "follower";
  case raft::role_name::learner: return "learner";
  case raft::role_name::pre_candidate:
  case raft::role_name::candidate: return "candidate";
  }
  return "follower";
}

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
}

/// Of itself a node knows everything; of others only what replication told it.
ordered_json member_json(const raft::member& who, bool is_voter, const raft::core_status& core,
                         const site& at) {
  bool is_self = who.id.value == at.settings.node_id;
  ordered_json made;
  made["id"] = who.id.value;
  made["voter"] = is_voter;
  made["http_addr"] = is_self ? ordered_json(at.settings.http_addr) : text_or_null(who.http_addr);
  made["raft_addr"] = text_or_null(who.raft_addr);
  made["match_index"] = is_self ? ordered_json(core.durable_index.value) : ordered_json(nullptr);
  made["lag"] =
      is_self ? ordered_json(core.commit_index - core.last_applied) : ordered_json(nullptr);
  made["reachable"] = is_self ? ordered_json(true) : ordered_json(nullptr);
  made["last_contact_ms"] = is_self ? ordered_json(0) : ordered_json(nullptr);
  made["version"] = is_self ? ordered_json(base::version) : ordered_json(nullptr);
  return made;
}

ordered_json leader_json(const raft::core_status& core, const site& at) {
  if (core.leader.value == 0)
    return nullptr;
  ordered_json made;
  made["id"] = core.leader.value;
  made["http_addr"] = nullptr;
  if (core.leader.value == at.settings.node_id)
    made["http_addr"] = at.settings.http_addr;
  for (const auto& each : core.membership.voters)
    if (each.id == core.leader && made["http_addr"].is_null())
      made["http_addr"] = text_or_null(each.http_addr);
  return made;
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

reply get_cluster(const request&, asker&, site& at) {
  const auto& board = at.gateway.status();
  auto raft = board.get<actors::raft_status>();
  auto log = board.get<actors::log_status>();
  bool is_refused = at.phase() == actors::phase::refused;
  ordered_json body;
  body["cluster_id"] =
      log ? ordered_json(to_string(log->identity.cluster_id)) : ordered_json(nullptr);
  body["node_id"] = at.settings.node_id;
  if (!raft) { // not running: nobody leads, nothing is known
    body["state"] = is_refused ? ordered_json("refused") : ordered_json(nullptr);
    for (const char* name : {"term", "leader", "commit_index", "last_applied"})
      body[name] = nullptr;
    body["members"] = ordered_json::array();
    return to_reply(body);
  }
  const auto& core = raft->core;
  body["state"] = is_refused ? "refused" : state_name(core.role);
  body["term"] = core.current_term.value;
  body["leader"] = leader_json(core, at);
  body["commit_index"] = core.commit_index.value;
  body["last_applied"] = core.last_applied.value;
  body["members"] = ordered_json::array();
  for (const auto& each : core.membership.voters)
    body["members"].push_back(member_json(each, true, core, at));
  for (const auto& each : core.membership.learners)
    body["members"].push_back(member_json(each, false, core, at));
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
