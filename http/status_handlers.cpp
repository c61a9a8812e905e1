// SPDX-License-Identifier: Apache-2.0
#include "http/status_handlers.hpp"

#include <nlohmann/json.hpp>
#include <prometheus/text_serializer.h>

#include "base/version.hpp"
#include "http/board_collector.hpp"
#include "http/protocol.hpp"

namespace http {

namespace {

using nlohmann::ordered_json;

reply to_reply(const ordered_json& body) {
  return json_reply(200, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

ordered_json text_or_null(const std::string& text) {
  return text.empty() ? ordered_json(nullptr) : ordered_json(text);
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
