// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/trace_merge.hpp"

#include <cstdio>
#include <cstdlib>

#include <nlohmann/json.hpp>

#include "trace/evidence.hpp"
#include "trace/export_text.hpp"
#include "trace/merge.hpp"
#include "trace/selection.hpp"

namespace aspenctl {

namespace {

std::string say(const trace::recording& of, const trace::server_clock& clock,
                const trace::recording& first) {
  auto text = "clock of node " + std::to_string(of.node_id) + ": ";
  auto off = trace::duration_text(static_cast<std::uint64_t>(std::abs(clock.ahead_ns)));
  if (clock.ahead_ns != 0)
    text += off + (clock.ahead_ns > 0 ? " ahead of" : " behind") + " that of node "
            + std::to_string(first.node_id);
  else
    text += "taken for that of node " + std::to_string(first.node_id);
  return text
         + (clock.within_ns ? ", within " + trace::duration_text(*clock.within_ns)
                            : ", not known better: no pair of messages tells");
}

/// The requests of all nodes in one.
std::string join_otlp(const std::vector<trace::recording>& all,
                      const std::vector<trace::server_clock>& clocks, const trace_part& wanted) {
  nlohmann::ordered_json joined{{"resourceSpans", nlohmann::ordered_json::array()}};
  for (std::size_t i = 0; i < all.size(); ++i) {
    auto corrected = all[i];
    corrected.unix_ns -= static_cast<std::uint64_t>(clocks[i].ahead_ns);
    auto one = nlohmann::ordered_json::parse(wanted.format->write(corrected, wanted.trace));
    for (auto& each : one["resourceSpans"])
      joined["resourceSpans"].push_back(std::move(each));
  }
  return joined.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

} // namespace

std::string export_merged(std::vector<trace::recording> given, const trace_part& wanted) {
  std::vector<trace::recording> all;
  for (const auto& process : trace::gather(std::move(given)))
    all.push_back(process.recorded());
  auto clocks = trace::compare_clocks(all, trace::find_exchanges(all));
  for (std::size_t i = 1; i < all.size(); ++i)
    std::fputs((say(all[i], clocks[i], all[0]) + "\n").c_str(), stderr);
  for (auto& each : all) {
    if (!wanted.trace.is_nil())
      each = trace::only_trace(each, wanted.trace);
    trace::keep_newest(each, wanted.span_ns, wanted.limit);
  }
  if (wanted.format->is_of_one_trace)
    return join_otlp(all, clocks, wanted);
  return wanted.format->write(trace::merge(all, clocks), wanted.trace);
}

} // namespace aspenctl
