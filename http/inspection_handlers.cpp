// SPDX-License-Identifier: Apache-2.0
#include "http/inspection_handlers.hpp"

#include <nlohmann/json.hpp>

#include "http/read_options.hpp"

namespace http {

namespace {

using nlohmann::ordered_json;

// Nothing here changes data: what was or was not committed is no question.
reply refused(const actors::failure& why) {
  return to_reply(refusal_from(why, false));
}

std::optional<reply> refuse_head(const request& what) {
  if (what.head.method != method::head)
    return std::nullopt;
  auto why = refuse(405, "method_not_allowed", "a copy is made when it is fetched: GET");
  why.allow = "GET";
  return to_reply(why);
}

/// The file as an answer, a piece at a time.
reply send_file(asker& ask, const std::shared_ptr<const actors::held_file>& file,
                std::uint64_t size, std::string_view name) {
  if (!ask.reserve(2 * actors::file_piece_bytes_max))
    return to_reply(refuse(429, "overloaded", "too much is being received and sent at the moment"));
  reply made;
  made.content_type = binary_type;
  made.set("Content-Disposition", "attachment; filename=\"" + std::string(name) + "\"");
  made.stream = std::make_shared<body_stream>();
  made.stream->size = size;
  made.stream->piece = [file](asker& by, std::uint64_t offset) {
    auto piece = by.read_held_file(file, offset);
    return piece ? std::optional(std::move(*piece)) : std::nullopt;
  };
  return made;
}

/// A linearizable read of any key: what was acknowledged before it is applied here now.
std::optional<reply> wait_until_applied(asker& ask, actors::consistency consistency) {
  if (consistency == actors::consistency::stale)
    return std::nullopt;
  auto seen = ask.read(std::string("0"), consistency, {});
  if (seen)
    return std::nullopt;
  auto why = refusal_from(seen.error(), false);
  why.text += "; ?consistency=stale takes the state of this node as it is";
  return to_reply(why);
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
  if (auto refused = refuse_head(what))
    return *refused;
  auto copied = ask.copy_log();
  if (!copied)
    return refused(copied.error());
  auto made = send_file(ask, copied->file, copied->size_bytes, "raft-log.lmdb");
  made.set("X-Aspen-Commit-Index", std::to_string(copied->commit_index.value));
  made.set("X-Aspen-Last-Index", std::to_string(copied->last.index.value));
  return made;
}

reply take_backup(const request& what, asker& ask, site&) {
  if (auto refused = refuse_head(what))
    return *refused;
  auto options = read_read_options(what.query);
  if (!options)
    return to_reply(options.error());
  if (auto refused = wait_until_applied(ask, options->consistency))
    return *refused;
  auto copied = ask.take_backup();
  if (!copied)
    return refused(copied.error());
  auto made = send_file(ask, copied->file, copied->size_bytes, "state-machine");
  made.set("X-Aspen-Index", std::to_string(copied->at.index.value));
  made.set("X-Aspen-Term", std::to_string(copied->at.term.value));
  made.set("X-Aspen-Entries", std::to_string(copied->rows));
  made.set("X-Aspen-State-Digest", copied->digest);
  return made;
}

} // namespace http
