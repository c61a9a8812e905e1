// SPDX-License-Identifier: Apache-2.0
#include "http/trace_handlers.hpp"

#include <limits>

#include <nlohmann/json.hpp>

#include "http/read_options.hpp"
#include "http/trace_context.hpp"
#include "trace/conversation.hpp"
#include "trace/dump_store.hpp"
#include "trace/export_format.hpp"
#include "trace/selection.hpp"

namespace http {

namespace {

constexpr std::uint64_t seconds_default = 5;
constexpr std::uint64_t seconds_max = 86'400;
constexpr std::uint64_t limit_default = 10'000;
constexpr std::uint64_t limit_max = 50'000; // some tens of milliseconds of one worker

using number = tl::expected<std::uint64_t, refusal>;

/// A number of the query within its bounds.
number read_number(const query_parameters& query, std::string_view name, std::uint64_t otherwise,
                   std::uint64_t most) {
  const auto* given = query.find(name);
  if (!given)
    return otherwise;
  auto read = parse_number(*given);
  if (!read || *read == 0 || *read > most)
    return tl::unexpected(refuse(400, "bad_query",
                                 std::string(name) + " is a number from 1 to "
                                     + std::to_string(most) + ", not '" + *given + "'"));
  return *read;
}

reply bad_trace_id() {
  return to_reply(refuse(400, "bad_trace_id",
                         "a trace id is 32 hexadecimal digits in lower case, and not all zero"));
}

/// From so long ago on; all that there is for a time before the clock began.
std::uint64_t before_now(std::uint64_t seconds) {
  auto now = trace::steady_now_ns();
  auto span = seconds * 1'000'000'000;
  return now > span ? now - span : 0;
}

refusal unknown_trace() {
  return refuse(404, "unknown_trace", "nothing is recorded here of that trace, or not any more");
}

} // namespace

refusal not_recording() {
  return refuse(503, "not_recording",
                "the flight recorder is switched off, or found no room to record in");
}

reply get_trace(const request& what, asker&, site& at) {
  if (!at.settings.recorder)
    return to_reply(not_recording());
  base::uuid wanted;
  if (const auto* id = what.query.find("trace")) {
    auto read = parse_trace_id(*id);
    if (!read)
      return bad_trace_id();
    wanted = *read;
  }
  // One trace is looked for everywhere.
  auto seconds = read_number(what.query, "seconds", wanted.is_nil() ? seconds_default : seconds_max,
                             seconds_max);
  auto limit = read_number(what.query, "limit", limit_default, limit_max);
  if (!seconds || !limit)
    return to_reply(seconds ? limit.error() : seconds.error());
  const auto* given = what.query.find("format");
  auto format = given ? std::string_view(*given) : std::string_view("ndjson");
  if (auto wrong = trace::why_no_format(format, !wanted.is_nil()); !wrong.empty())
    return to_reply(refuse(400, "bad_query", "format: " + wrong));
  auto events_max = wanted.is_nil() ? std::size_t{*limit} : events_looked_at_max;
  auto recording = at.settings.recorder->read(before_now(*seconds), events_max);
  if (!wanted.is_nil())
    recording = trace::only_trace(recording, wanted);
  if (recording.events.empty() && !wanted.is_nil())
    return to_reply(unknown_trace());
  trace::keep_newest(recording, std::numeric_limits<std::uint64_t>::max(), *limit);
  const auto& writer = *trace::find_export_format(format);
  reply made;
  made.content_type = writer.content_type;
  made.body = writer.write(recording, wanted);
  return made;
}

reply get_one_trace(const request& what, asker&, site& at) {
  if (!at.settings.recorder)
    return to_reply(not_recording());
  auto id = parse_trace_id(what.parameter);
  if (!id)
    return bad_trace_id();
  auto recording = at.settings.recorder->read(0, events_looked_at_max);
  auto found = trace::find_conversation(recording, *id);
  if (!found.asked && found.messages.empty())
    return to_reply(unknown_trace());
  return json_reply(200, trace::to_json(found, recording, *id));
}

namespace {

nlohmann::ordered_json text_or_null(const std::string& text) {
  return text.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(text);
}

} // namespace

std::string_view medium_of(const trace::recorder* recorder) {
  if (!recorder)
    return "nothing";
  return recorder->is_in_file() ? "file" : "memory";
}

reply get_trace_dumps(const request&, asker&, site& at) {
  nlohmann::ordered_json body;
  const auto* recorder = at.settings.recorder.get();
  body["recording_in"] = medium_of(recorder);
  body["ring_bytes"] = recorder ? recorder->size_bytes() : 0;
  body["reasons_left_out"] = recorder ? recorder->texts_left_out() : 0;
  body["directory"] = at.settings.trace_directory;
  body["dumps"] = nlohmann::ordered_json::array();
  if (!at.settings.trace_directory.empty())
    for (const auto& each : trace::list_dumps(at.settings.trace_directory))
      body["dumps"].push_back({{"name", each.name},
                               {"trigger", each.trigger},
                               {"reason", text_or_null(each.reason)},
                               {"size_bytes", each.bytes}});
  return json_reply(200, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

} // namespace http
