// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>
#include <fstream>
#include <limits>
#include <sstream>

#include "raft/format.hpp"
#include "replay/core_player.hpp"
#include "tools/aspenctl/trace_commands.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

outcome<std::uint64_t> parse_count(const char* option, const std::string& text,
                                   std::uint64_t otherwise) {
  if (text.empty())
    return otherwise;
  std::uint64_t count = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size())
    return fail(exit_status::usage, std::string(option) + ": '" + text + "' is no number");
  return count;
}

outcome<std::string> read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream bytes;
  if (!in || !(bytes << in.rdbuf()))
    return fail(exit_status::usage, path + ": cannot be read, or is empty");
  return std::move(bytes).str();
}

std::string verdict_of(const replay::play_report& what) {
  if (what.differs_at)
    return "DIFFERS at input " + std::to_string(*what.differs_at)
           + ": the core gives another answer than the recorded one";
  if (!what.broken.empty())
    return "equal, until the core ends: " + what.broken;
  return "equal: " + std::to_string(what.outputs) + " answers, byte for byte";
}

std::string end_of(const replay::play_report& what) {
  if (what.reached_bound)
    return ", up to the bound of the recording";
  return what.is_torn ? ", up to where the file breaks off" : "";
}

ordered_json json_of(const replay::play_report& what) {
  ordered_json body{{"node_id", what.server.value},
                    {"cluster_id", base::to_string(what.cluster_id)},
                    {"boot", base::to_string(what.boot)},
                    {"inputs", what.inputs},
                    {"outputs", what.outputs},
                    {"is_equal", !what.differs_at},
                    {"differs_at", nullptr},
                    {"broken", what.broken},
                    {"is_torn", what.is_torn},
                    {"reached_bound", what.reached_bound},
                    {"status", raft::to_string(what.status)},
                    {"last", what.last}};
  if (what.differs_at)
    body["differs_at"] = *what.differs_at;
  return body;
}

std::string text_of(const replay::play_report& what) {
  auto text = "node " + std::to_string(what.server.value) + " of cluster "
              + base::to_string(what.cluster_id) + ": " + std::to_string(what.inputs) + " inputs"
              + end_of(what) + "\n" + verdict_of(what) + "\n\n";
  for (const auto& each : what.last)
    text += each + (each.ends_with('\n') ? "" : "\n");
  return text + "\n" + raft::to_string(what.status) + "\n";
}

} // namespace

outcome<void> trace_replay(output_format format, const trace_replay_options& options) {
  constexpr std::uint64_t shown_max = 10'000;
  auto until = parse_count("--until", options.until, std::numeric_limits<std::uint64_t>::max());
  auto shown = parse_count("--show", options.shown, 5);
  if (!until || !shown)
    return tl::unexpected(until ? shown.error() : until.error());
  auto file = read_file(options.file);
  if (!file)
    return tl::unexpected(std::move(file.error()));
  auto report = replay::play(*file, {*until, std::min(*shown, shown_max)});
  if (!report)
    return fail(report.error().code == base::errc::incompatible ? exit_status::usage
                                                                : exit_status::failed,
                options.file + ": " + to_string(report.error()));
  format == output_format::json ? print_json(json_of(*report)) : print(text_of(*report));
  if (report->differs_at)
    return fail(exit_status::failed, "the core does not do again what it did");
  return {};
}

} // namespace aspenctl
