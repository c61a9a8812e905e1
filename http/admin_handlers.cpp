// SPDX-License-Identifier: Apache-2.0
#include "http/admin_handlers.hpp"

#include <nlohmann/json.hpp>

#include "base/log.hpp"

namespace http {

namespace {

std::string dump(const nlohmann::ordered_json& body) {
  return body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

reply checkpoint_wal(const request&, asker& ask, site&) {
  auto done = ask.checkpoint();
  nlohmann::ordered_json body;
  if (done) {
    body["status"] = "success";
    body["pages_checkpointed"] = done->pages_checkpointed;
    body["wal_size_before_bytes"] = done->wal_size_before_bytes;
    body["wal_size_after_bytes"] = done->wal_size_after_bytes;
    return json_reply(200, dump(body));
  }
  // A checkpoint changes no data: what was or was not committed is no question here.
  auto why = refusal_from(done.error(), false);
  if (done.error().code != actors::failure_code::blocked)
    return to_reply(why);
  body["status"] = "blocked";
  body["blocked_by"] = done.error().text;
  body["error"] = "the checkpoint is held back: " + done.error().text;
  body["code"] = why.code;
  return json_reply(409, dump(body));
}

reply shut_down(const request&, asker&, site& at) {
  base::log::info("aspen::http", "shutdown requested");
  at.gateway.shut_down();
  auto made = json_reply(202, R"({"status":"shutting_down"})");
  made.closes_connection = true;
  return made;
}

} // namespace http
