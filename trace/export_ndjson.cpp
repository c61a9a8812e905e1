// SPDX-License-Identifier: Apache-2.0
#include "trace/event_writer.hpp"
#include "trace/export.hpp"

namespace trace {

namespace {

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

void event_writer::write(std::string& out, const recorded_event& what) {
  const auto& [event, thread] = what;
  append(out, R"({"time":")", clock_.of(from_.unix_time_of(event.time_ns)), R"(","kind":")",
         to_string(event.kind), "\"");
  append_name(out, R"(,"actor":)", event.actor, names_);
  append_name(out, R"(,"other":)", event.other, names_);
  append_name(out, R"(,"message":)", event.message, names_);
  if (!event.trace.is_nil())
    append(out, R"(,"trace":")", hexadecimal(event.trace), "\"");
  if (has_term(event.kind))
    append_number(out, R"(,"term":)", event.detail());
  else
    append_span(out, R"(,"span":)", event.span);
  append_span(out, R"(,"parent":)", event.parent);
  append_number(out, R"(,"value":)", event.value);
  append_number(out, R"(,"thread":)", thread);
  out += "}";
}

std::string to_ndjson(const recording& what) {
  event_writer writer(what);
  std::string out;
  for (const auto& each : what.events) {
    writer.write(out, each);
    out += "\n";
  }
  return out;
}

} // namespace trace
