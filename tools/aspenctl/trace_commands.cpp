// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/trace_commands.hpp"

#include <algorithm>
#include <charconv>

#include "tools/aspenctl/endpoint.hpp"
#include "trace/export.hpp"
#include "trace/recording.hpp"

namespace aspenctl {

namespace {

outcome<std::size_t> parse_limit(const std::string& text) {
  std::size_t count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count == 0)
    return fail(exit_status::usage, "--limit: '" + text + "' is no number above zero");
  return count;
}

/// The newest events of a recording: `span_ns` back from the last one, `limit` at most.
void keep_newest(trace::recording& what, std::uint64_t span_ns, std::size_t limit) {
  if (what.events.empty())
    return;
  auto newest = what.events.back().event.time_ns;
  auto first = std::ranges::find_if(what.events, [&](const trace::recorded_event& each) {
    return newest - each.event.time_ns <= span_ns;
  });
  auto surplus =
      static_cast<std::ptrdiff_t>(what.events.size() - std::min(what.events.size(), limit));
  what.events.erase(what.events.begin(), std::max(first, what.events.begin() + surplus));
}

outcome<std::string> export_file(const trace_export_options& options,
                                 std::chrono::milliseconds last, std::size_t limit) {
  auto read = trace::read_ring_file(options.file);
  if (!read)
    return fail(exit_status::failed, to_string(read.error()));
  keep_newest(*read, static_cast<std::uint64_t>(last.count()) * 1'000'000, limit);
  return options.format == "perfetto" ? trace::to_perfetto(*read) : trace::to_ndjson(*read);
}

outcome<std::string> export_endpoint(const client& nodes, const trace_export_options& options,
                                     std::chrono::milliseconds last, std::size_t limit) {
  auto seconds = std::chrono::ceil<std::chrono::seconds>(last).count();
  auto got = nodes.ask({"GET",
                        "/debug/trace?seconds=" + std::to_string(seconds)
                            + "&limit=" + std::to_string(limit) + "&format=" + options.format,
                        {}});
  if (!got)
    return tl::unexpected(std::move(got.error()));
  return std::move(got->body);
}

} // namespace

outcome<void> trace_export(const client& nodes, const trace_export_options& options) {
  if (options.format != "ndjson" && options.format != "perfetto")
    return fail(exit_status::usage,
                "--format: '" + options.format + "' is neither 'ndjson' nor 'perfetto'");
  auto last = parse_span(options.last);
  if (!last)
    return fail(exit_status::usage, "--last: " + last.error().text);
  auto limit = parse_limit(options.limit);
  if (!limit)
    return tl::unexpected(std::move(limit.error()));
  auto made = options.file.empty() ? export_endpoint(nodes, options, *last, *limit)
                                   : export_file(options, *last, *limit);
  if (!made)
    return tl::unexpected(std::move(made.error()));
  print(*made);
  return {};
}

outcome<void> trace_dumps(const client& nodes, output_format format) {
  auto body = nodes.ask_for_object({"GET", "/debug/trace/dumps", {}});
  if (!body)
    return tl::unexpected(std::move(body.error()));
  if (format == output_format::json) {
    print_json(*body);
    return {};
  }
  print("recording in: " + cell(*body, "recording_in") + ", " + cell(*body, "ring_bytes")
        + " bytes\n");
  text_table table({"DUMP", "BYTES"});
  auto dumps = body->find("dumps");
  if (dumps != body->end() && dumps->is_array())
    for (const auto& each : *dumps)
      if (each.is_object())
        table.add({cell(each, "name"), cell(each, "size_bytes")});
  print(table.to_string());
  return {};
}

} // namespace aspenctl
