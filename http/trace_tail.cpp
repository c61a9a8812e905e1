// SPDX-License-Identifier: Apache-2.0
#include "http/trace_tail.hpp"

#include "http/read_options.hpp"
#include "http/trace_handlers.hpp"
#include "trace/tail.hpp"

namespace http {

namespace {

/// An event has its time before it is in the ring: what is younger may not be all there yet.
constexpr std::uint64_t settling_ns = 100'000'000;
constexpr std::uint64_t limit_default = 1'000;
constexpr std::uint64_t limit_max = 10'000;

/// A number of the query; `otherwise` where it is left out, nothing where it is none.
std::optional<std::uint64_t> number(const query_parameters& query, std::string_view name,
                                    std::uint64_t otherwise) {
  const auto* given = query.find(name);
  return given ? parse_number(*given) : otherwise;
}

std::string text_of(const query_parameters& query, std::string_view name) {
  const auto* given = query.find(name);
  return given ? *given : std::string();
}

/// Whether what was read since `after_ns` is all that was recorded: not when it fills the ring.
bool is_complete(const trace::recording& read, std::size_t ring_bytes) {
  constexpr std::size_t event_bytes = 64;
  return !read.is_cut && read.events.size() < ring_bytes / event_bytes / 10 * 9;
}

} // namespace

reply follow_trace(const request& what, asker&, site& at) {
  const auto* recorder = at.settings.recorder.get();
  if (!recorder)
    return to_reply(not_recording());
  trace::tail_request wanted;
  wanted.until_ns = trace::steady_now_ns() - settling_ns;
  auto after = number(what.query, "after", wanted.until_ns);
  auto limit = number(what.query, "limit", limit_default);
  auto heartbeats = text_of(what.query, "heartbeats");
  if (!after || !limit || *limit == 0 || *limit > limit_max)
    return to_reply(refuse(400, "bad_query",
                           "after is a number, as 'next' of an answer; limit one from 1 to "
                               + std::to_string(limit_max)));
  if (!heartbeats.empty() && heartbeats != "true" && heartbeats != "false")
    return to_reply(refuse(400, "bad_query", "heartbeats is 'true' or 'false'"));
  auto match = trace::match_expression::parse(text_of(what.query, "match"));
  if (!match)
    return to_reply(refuse_at(match.error().position, "bad_match", match.error().text));
  wanted.match = std::move(*match);
  wanted.after_ns = *after;
  wanted.limit = *limit;
  wanted.with_heartbeats = heartbeats == "true";
  auto since = *after > trace::tail_memory_ns ? *after - trace::tail_memory_ns : 0;
  auto read = recorder->read(since, events_looked_at_max);
  return json_reply(200, trace::to_json(trace::look(read, wanted), read,
                                        is_complete(read, recorder->size_bytes())));
}

} // namespace http
