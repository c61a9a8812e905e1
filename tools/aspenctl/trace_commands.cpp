// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/trace_commands.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include "tools/aspenctl/endpoint.hpp"
#include "tools/aspenctl/recordings.hpp"
#include "tools/aspenctl/trace_merge.hpp"
#include "trace/export_format.hpp"
#include "trace/selection.hpp"

namespace aspenctl {

namespace {

outcome<std::size_t> parse_limit(const std::string& text) {
  std::size_t count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count == 0)
    return fail(exit_status::usage, "--limit: '" + text + "' is no number above zero");
  return count;
}

/// What is to be exported, read from the command line.
struct export_request {
  const trace::export_format* format;
  base::uuid trace; ///< nil: everybody's
  std::optional<std::chrono::milliseconds> last;
  std::size_t limit;
};

outcome<export_request> parse(const trace_export_options& options) {
  export_request wanted{};
  if (!options.trace.empty()) {
    auto read = trace::parse_trace_id(options.trace);
    if (!read)
      return fail(exit_status::usage,
                  "--trace: '" + options.trace + "' is no trace id: 32 digits, in lower case");
    wanted.trace = *read;
  }
  if (auto wrong = trace::why_no_format(options.format, !options.trace.empty()); !wrong.empty())
    return fail(exit_status::usage, "--format: " + wrong);
  wanted.format = trace::find_export_format(options.format);
  auto limit = parse_limit(options.limit);
  if (!limit)
    return tl::unexpected(std::move(limit.error()));
  wanted.limit = *limit;
  if (!options.last.empty() || options.trace.empty()) {
    auto last = parse_span(options.last.empty() ? "5s" : options.last);
    if (!last)
      return fail(exit_status::usage, "--last: " + last.error().text);
    wanted.last = *last;
  }
  return wanted;
}

/// As far back as asked for.
std::uint64_t span_of(const export_request& wanted) {
  return wanted.last ? static_cast<std::uint64_t>(wanted.last->count()) * 1'000'000
                     : std::numeric_limits<std::uint64_t>::max();
}

outcome<std::string> export_file(const std::string& file, const export_request& wanted) {
  auto read = trace::read_ring_file(file);
  if (!read)
    return fail(exit_status::failed, to_string(read.error()));
  if (!wanted.trace.is_nil())
    *read = trace::only_trace(*read, wanted.trace);
  if (!wanted.trace.is_nil() && read->events.empty())
    return fail(exit_status::not_found, file + ": nothing is recorded of that trace");
  trace::keep_newest(*read, span_of(wanted), wanted.limit);
  return wanted.format->write(*read, wanted.trace);
}

outcome<std::string> export_endpoint(const client& nodes, const std::string& trace,
                                     const export_request& wanted) {
  auto target = "/debug/trace?limit=" + std::to_string(wanted.limit)
                + "&format=" + std::string(wanted.format->name);
  if (wanted.last)
    target +=
        "&seconds=" + std::to_string(std::chrono::ceil<std::chrono::seconds>(*wanted.last).count());
  if (!trace.empty())
    target += "&trace=" + trace;
  auto got = nodes.ask({"GET", target, {}});
  if (!got)
    return tl::unexpected(std::move(got.error()));
  return std::move(got->body);
}

outcome<std::string> export_several(const client& nodes, const trace_export_options& options,
                                    const export_request& wanted, std::string& silent) {
  if (wanted.format->name == "ring")
    return fail(exit_status::usage, "--format: ring is of one node");
  auto all = read_recordings(options.files);
  if (!all)
    return tl::unexpected(std::move(all.error()));
  if (options.is_of_all_nodes)
    for (auto& each : ask_recordings(nodes, silent))
      all->push_back(std::move(each));
  if (all->empty())
    return fail(exit_status::unavailable, silent);
  auto knows_it = [&](const trace::recording& each) {
    return !trace::only_trace(each, wanted.trace).events.empty();
  };
  if (!wanted.trace.is_nil() && std::ranges::none_of(*all, knows_it))
    return fail(exit_status::not_found, "nothing is recorded of that trace, or not any more");
  return export_merged(std::move(*all),
                       {wanted.format, wanted.trace, span_of(wanted), wanted.limit});
}

} // namespace

outcome<void> trace_export(const client& nodes, const trace_export_options& options) {
  auto wanted = parse(options);
  if (!wanted)
    return tl::unexpected(std::move(wanted.error()));
  std::string silent;
  bool are_several = options.is_of_all_nodes || options.files.size() > 1;
  auto made = are_several             ? export_several(nodes, options, *wanted, silent)
              : options.files.empty() ? export_endpoint(nodes, options.trace, *wanted)
                                      : export_file(options.files[0], *wanted);
  if (!made)
    return tl::unexpected(std::move(made.error()));
  print(*made);
  if (!silent.empty())
    return fail(exit_status::unavailable, "not asked: " + silent);
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
  text_table table({"DUMP", "BYTES", "TRIGGER", "REASON"});
  auto dumps = body->find("dumps");
  if (dumps != body->end() && dumps->is_array())
    for (const auto& each : *dumps)
      if (each.is_object())
        table.add({cell(each, "name"), cell(each, "size_bytes"), cell(each, "trigger"),
                   cell(each, "reason")});
  print(table.to_string());
  return {};
}

} // namespace aspenctl
