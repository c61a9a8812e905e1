// SPDX-License-Identifier: Apache-2.0
#include "trace/checker.hpp"

#include <limits>

#include "trace/rules.hpp"

namespace trace {

namespace {

struct rule_words {
  std::string_view name;
  std::string_view sentence;
};

constexpr std::array<rule_words, rule_count> words{{
    {"sender_order", "one sender's messages are handled in the order they were sent"},
    {"exit", "no message is handled after its actor's exit"},
    {"request", "every request is answered, or times out, exactly once"},
    {"leader", "a term has one leader"},
    {"reply", "votes and acknowledgements leave after the sync they speak of"},
    {"commit", "what is committed is durable on a quorum, or the leader said so"},
    {"applied", "what is applied was committed, durably, before"},
    {"checkpoint", "one checkpoint at a time, and by the storage writer"},
}};

checked_process describe(const evidence& all) {
  const auto& recorded = all.recorded();
  checked_process made;
  made.node_id = recorded.node_id;
  made.process_id = recorded.process_id;
  made.events = recorded.events.size();
  made.has_whole_part = recorded.whole_since_ns != std::numeric_limits<std::uint64_t>::max();
  if (recorded.whole_since_ns != 0 && made.has_whole_part)
    made.whole_since_unix_ns = recorded.unix_time_of(recorded.whole_since_ns);
  if (recorded.events.empty())
    return made;
  made.first_unix_ns = recorded.unix_time_of(recorded.events.front().event.time_ns);
  made.last_unix_ns = recorded.unix_time_of(recorded.events.back().event.time_ns);
  return made;
}

using rule_over_one = void (*)(const evidence&, findings&);

constexpr std::pair<rule, rule_over_one> rules_over_one[] = {
    {rule::sender_order, check_sender_order},
    {rule::exit, check_exit},
    {rule::request, check_requests},
    {rule::reply, check_replies},
    {rule::commit, check_commits},
    {rule::applied, check_applied},
    {rule::checkpoint, check_checkpoints},
};

} // namespace

std::string_view to_string(rule which) {
  return words[static_cast<std::size_t>(which)].name;
}

std::string_view sentence_of(rule which) {
  return words[static_cast<std::size_t>(which)].sentence;
}

check_report check(std::vector<recording> all) {
  auto processes = gather(std::move(all));
  check_report report;
  for (const auto& each : processes)
    report.processes.push_back(describe(each));
  for (const auto& [which, holds] : rules_over_one) {
    findings into(which, report);
    for (const auto& each : processes)
      holds(each, into);
  }
  findings into(rule::leader, report);
  check_leaders(processes, into);
  return report;
}

} // namespace trace
