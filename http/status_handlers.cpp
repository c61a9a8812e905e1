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
