// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <nlohmann/json.hpp>

#include "trace/checker.hpp"
#include "trace/export_text.hpp"

namespace trace {

namespace {

std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(text.size(), width), ' ');
  return text;
}

std::string date(std::uint64_t unix_ns) {
  return std::string(clock_text().of(unix_ns));
}

std::string line_of(const checked_process& one) {
  auto text = "node " + std::to_string(one.node_id) + ", process " + std::to_string(one.process_id)
              + ": " + std::to_string(one.events) + " events";
  if (one.events > 0)
    text += " from " + date(one.first_unix_ns) + " to " + date(one.last_unix_ns);
  if (!one.has_whole_part)
    return text + "; events are missing throughout";
  return text
         + (one.whole_since_unix_ns == 0
                ? "; nothing was overwritten"
                : "; events before " + date(one.whole_since_unix_ns) + " were overwritten");
}

std::string verdict_of(const rule_result& one) {
  if (one.broken > 0)
    return "BROKEN";
  if (one.saw_nothing())
    return "nothing seen";
  return one.held > 0 ? "holds" : "not judged";
}

nlohmann::ordered_json json_of(const checked_process& one) {
  return {{"node_id", one.node_id},
          {"process_id", one.process_id},
          {"events", one.events},
          {"first", one.events > 0 ? nlohmann::ordered_json(date(one.first_unix_ns)) : nullptr},
          {"last", one.events > 0 ? nlohmann::ordered_json(date(one.last_unix_ns)) : nullptr},
          {"overwritten_before", one.whole_since_unix_ns > 0
                                     ? nlohmann::ordered_json(date(one.whole_since_unix_ns))
                                     : nullptr},
          {"is_whole_somewhere", one.has_whole_part}};
}

} // namespace

std::string to_text(const check_report& what) {
  std::string text;
  for (const auto& each : what.processes)
    append(text, line_of(each), "\n");
  append(text, padded("RULE", 13), padded("VERDICT", 14), padded("HELD", 10), padded("BROKEN", 8),
         padded("NOT JUDGED", 12), "\n");
  for (std::size_t i = 0; i < rule_count; ++i) {
    const auto& one = what.rules[i];
    append(text, padded(std::string(to_string(static_cast<rule>(i))), 13),
           padded(verdict_of(one), 14), padded(std::to_string(one.held), 10),
           padded(std::to_string(one.broken), 8), padded(std::to_string(one.unjudged), 12),
           sentence_of(static_cast<rule>(i)), "\n");
  }
  for (const auto& each : what.violations)
    append(text, "\nnode ", each.node_id, ", ", to_string(each.which), ": ", each.text, "\n",
           each.slice);
  return text;
}

std::string to_json(const check_report& what) {
  nlohmann::ordered_json body;
  body["is_broken"] = what.is_broken();
  body["processes"] = nlohmann::ordered_json::array();
  for (const auto& each : what.processes)
    body["processes"].push_back(json_of(each));
  body["rules"] = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < rule_count; ++i) {
    const auto& one = what.rules[i];
    body["rules"].push_back({{"rule", to_string(static_cast<rule>(i))},
                             {"verdict", verdict_of(one)},
                             {"held", one.held},
                             {"broken", one.broken},
                             {"not_judged", one.unjudged}});
  }
  body["violations"] = nlohmann::ordered_json::array();
  for (const auto& each : what.violations)
    body["violations"].push_back({{"rule", to_string(each.which)},
                                  {"node_id", each.node_id},
                                  {"text", each.text},
                                  {"slice", each.slice}});
  return body.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace trace
