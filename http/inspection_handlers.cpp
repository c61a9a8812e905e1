// SPDX-License-Identifier: Apache-2.0
#include "http/inspection_handlers.hpp"

#include <nlohmann/json.hpp>

namespace http {

namespace {

using nlohmann::ordered_json;

// Nothing here changes data: what was or was not committed is no question.
reply refused(const actors::failure& why) {
  return to_reply(refusal_from(why, false));
}

} // namespace

reply make_snapshot(const request&, asker& ask, site&) {
  auto made = ask.take_snapshot();
  if (!made)
    return refused(made.error());
  ordered_json body{
      {"status", "success"},   {"index", made->at.index.value},  {"term", made->at.term.value},
      {"entries", made->rows}, {"size_bytes", made->size_bytes}, {"path", made->path}};
  return json_reply(200, body.dump(-1, ' ', false, ordered_json::error_handler_t::replace));
}

reply validate_stores(const request&, asker& ask, site&) {
  auto checked = ask.validate();
  return checked ? json_reply(200, std::move(checked->report)) : refused(checked.error());
}

reply copy_log(const request& what, asker& ask, site&) {
  if (what.head.method == method::head) {
    auto why = refuse(405, "method_not_allowed", "a copy is made when it is fetched: GET");
    why.allow = "GET";
    return to_reply(why);
  }
  auto copied = ask.copy_log();
  if (!copied)
    return refused(copied.error());
  if (!ask.reserve(2 * actors::copy_piece_bytes_max))
    return to_reply(refuse(429, "overloaded", "too much is being received and sent at the moment"));
  reply made;
  made.content_type = binary_type;
  made.set("Content-Disposition", "attachment; filename=\"raft-log.lmdb\"");
  made.set("X-Aspen-Commit-Index", std::to_string(copied->commit_index.value));
  made.set("X-Aspen-Last-Index", std::to_string(copied->last.index.value));
  made.stream = std::make_shared<body_stream>();
  made.stream->size = copied->size_bytes;
  made.stream->piece = [file = copied->file](asker& by, std::uint64_t offset) {
    auto piece = by.read_log_copy(file, offset);
    return piece ? std::optional(std::move(*piece)) : std::nullopt;
  };
  return made;
}

} // namespace http
