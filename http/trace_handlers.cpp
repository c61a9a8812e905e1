// SPDX-License-Identifier: Apache-2.0
#include "http/trace_handlers.hpp"

#include <chrono>

#include <nlohmann/json.hpp>

#include "http/read_options.hpp"
#include "http/trace_context.hpp"
#include "trace/conversation.hpp"
#include "trace/dump_store.hpp"
#include "trace/export.hpp"

namespace http {

namespace {

constexpr std::string_view ndjson_type = "application/x-ndjson";

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

trace::recording newest_events(const trace::recorder& recorder, std::uint64_t seconds,
                               std::uint64_t limit) {
  auto now = static_cast<std::uint64_t>(std::chrono::steady_clock::now().time_since_epoch()
                                        / std::chrono::nanoseconds(1));
  auto span = seconds * 1'000'000'000;
  auto read = recorder.read(now > span ? now - span : 0);
  if (read.events.size() > limit)
    read.events.erase(read.events.begin(), read.events.end() - static_cast<std::ptrdiff_t>(limit));
  return read;
}

reply not_recording() {
  return to_reply(refuse(503, "not_recording",
                         "the flight recorder is switched off, or found no room to record in"));
}

} // namespace

reply get_trace(const request& what, asker&, site& at) {
  if (!at.settings.recorder)
    return not_recording();
  auto seconds = read_number(what.query, "seconds", seconds_default, seconds_max);
  auto limit = read_number(what.query, "limit", limit_default, limit_max);
  if (!seconds || !limit)
    return to_reply(seconds ? limit.error() : seconds.error());
  const auto* format = what.query.find("format");
  if (format && *format != "ndjson" && *format != "perfetto")
    return to_reply(
        refuse(400, "bad_query", "format is 'ndjson' or 'perfetto', not '" + *format + "'"));
  auto recording = newest_events(*at.settings.recorder, *seconds, *limit);
  if (format && *format == "perfetto")
    return json_reply(200, trace::to_perfetto(recording));
  reply made;
  made.content_type = ndjson_type;
  made.body = trace::to_ndjson(recording);
  return made;
}

reply get_one_trace(const request& what, asker&, site& at) {
  if (!at.settings.recorder)
    return not_recording();
  auto id = parse_trace_id(what.parameter);
  if (!id)
    return to_reply(refuse(400, "bad_trace_id",
                           "a trace id is 32 hexadecimal digits in lower case, and not all zero"));
  auto recording = at.settings.recorder->read();
  auto found = trace::find_conversation(recording, *id);
  if (!found.asked && found.messages.empty())
    return to_reply(
        refuse(404, "unknown_trace", "nothing is recorded here of that trace, or not any more"));
  return json_reply(200, trace::to_json(found, recording, *id));
}

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
  body["directory"] = at.settings.trace_directory;
  body["dumps"] = nlohmann::ordered_json::array();
  if (!at.settings.trace_directory.empty())
    for (const auto& each : trace::list_dumps(at.settings.trace_directory))
      body["dumps"].push_back({{"name", each.name}, {"size_bytes", each.bytes}});
  return json_reply(200, body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

} // namespace http
