// SPDX-License-Identifier: Apache-2.0
#include <ctime>

#include "trace/export.hpp"
#include "trace/export_text.hpp"

namespace trace {

namespace {

/// "2026-11-23T17:58:00.123456789Z". Consecutive events mostly share their second.
class clock_text {
public:
  std::string_view of(std::uint64_t unix_ns) {
    auto seconds = static_cast<std::time_t>(unix_ns / 1'000'000'000);
    if (seconds != seconds_ || text_.empty()) {
      std::tm utc{};
      ::gmtime_r(&seconds, &utc);
      char date[32];
      text_.assign(date, std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S.", &utc));
      seconds_ = seconds;
    }
    constexpr std::size_t whole = 20; // as far as the dot
    text_.resize(whole);
    auto fraction = std::to_string(1'000'000'000 + unix_ns % 1'000'000'000);
    text_.append(fraction, 1).append("Z");
    return text_;
  }

private:
  std::time_t seconds_ = 0;
  std::string text_;
};

void append_name(std::string& out, const char* member, name_id id,
                 const std::vector<std::string>& names) {
  if (id != 0 && id < names.size())
    append(out, member, names[id]);
}

void append_span(std::string& out, const char* member, span_id span) {
  if (span != 0)
    append(out, member, "\"", hexadecimal(span), "\"");
}

void append_number(std::string& out, const char* member, std::uint64_t number) {
  if (number != 0)
    append(out, member, number);
}

} // namespace

std::string to_ndjson(const recording& what) {
  auto names = json_names(what);
  clock_text clock;
  std::string out;
  for (const auto& [event, thread] : what.events) {
    append(out, R"({"time":")", clock.of(what.unix_time_of(event.time_ns)), R"(","kind":")",
           to_string(event.kind), "\"");
    append_name(out, R"(,"actor":)", event.actor, names);
    append_name(out, R"(,"other":)", event.other, names);
    append_name(out, R"(,"message":)", event.message, names);
    if (!event.trace.is_nil())
      append(out, R"(,"trace":")", hexadecimal(event.trace), "\"");
    if (event.kind == event_kind::raft)
      append_number(out, R"(,"term":)", event.detail());
    else
      append_span(out, R"(,"span":)", event.span);
    append_span(out, R"(,"parent":)", event.parent);
    append_number(out, R"(,"value":)", event.value);
    append_number(out, R"(,"thread":)", thread);
    append(out, "}\n");
  }
  return out;
}

} // namespace trace
