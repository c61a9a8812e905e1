// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <utility>

#include "storage/cross_check.hpp"
#include "tools/aspen-debug-storage/commands.hpp"
#include "tools/aspen-debug-storage/in_use.hpp"

namespace debug_storage {

namespace {

using nlohmann::ordered_json;
using storage::verdict;

/// Long enough for every row of any state: the operator waits for the whole answer.
constexpr std::chrono::hours all_the_time{24 * 365};

struct rule_title {
  std::string_view number;
  std::string_view title;
};

/// docs/invariants.md, "The cross-check": each is listed, looked at or not.
constexpr std::array rules{
    rule_title{"INV-70", "both stores are there, or neither"},
    rule_title{"INV-71", "both stores are of one cluster, server, incarnation and log"},
    rule_title{"INV-72", "both formats are known to this program"},
    rule_title{"INV-73", "the log is sound: pages, checksums, chain, marks"},
    rule_title{"INV-74", "the state machine's file and its recorded values are sound"},
    rule_title{"INV-75", "last_applied is within the commit index"},
    rule_title{"INV-76", "nothing is missing between the state and the log"},
    rule_title{"INV-77", "term and chain at last_applied are the same in both stores"},
    rule_title{"INV-78", "the membership at last_applied is the same in both stores"},
    rule_title{"INV-79", "the log did not go back behind what the state has seen of it"},
    rule_title{"INV-80", "nothing that was checkpointed is missing"},
    rule_title{"INV-81", "the WAL belongs to the database file"},
    rule_title{"INV-82", "a pending install can be finished, goes on, or is dropped"},
    rule_title{"INV-83", "every row matches its digest, and their sum the recorded one"},
    rule_title{"INV-84", "everything can be read now"},
};

std::string_view title_of(const std::string& number) {
  for (const auto& each : rules)
    if (each.number == number)
      return each.title;
  return "-";
}

exit_status status_of(verdict what) {
  switch (what) {
  case verdict::ok: return exit_status::done;
  case verdict::rebuild: return exit_status::rebuild;
  case verdict::retry: return exit_status::retry;
  case verdict::refuse: return exit_status::refuse;
  }
  return exit_status::refuse;
}

/// One line or object a finding: the violated ones first, else in the order of their numbers.
struct line {
  std::string rule;
  std::string_view title;
  std::string_view result; ///< fail, pass, not asked
  std::string text;
};

std::vector<line> lines_of(const storage::check_report& report) {
  std::vector<line> lines;
  for (const auto& each : report.findings)
    lines.push_back(
        {each.rule, title_of(each.rule), each.is_violated ? "fail" : "pass", each.text});
  for (const auto& each : rules) {
    auto is_it = [&each](const line& one) { return one.rule == each.number; };
    if (std::none_of(lines.begin(), lines.end(), is_it))
      lines.push_back({std::string(each.number), each.title, "not asked", ""});
  }
  auto rank = [](const line& one) { return std::pair(one.result != "fail", one.rule); };
  std::stable_sort(lines.begin(), lines.end(),
                   [&](const line& left, const line& right) { return rank(left) < rank(right); });
  return lines;
}

std::string what_now(const storage::check_report& report) {
  if (!report.what_to_do.empty())
    return report.what_to_do;
  std::string text = "Nothing: the node may start.";
  if (report.wal_must_be_set_aside)
    text += " It will set the WAL aside and replay the log from the database file.";
  if (report.install != storage::install_step::none)
    text += " It will " + std::string(to_string(report.install))
            + " the snapshot that is being installed.";
  if (report.state_is_lost)
    text += " It will get its state from another server.";
  return text;
}

ordered_json with_rules(const storage::check_report& report) {
  // The report as the node's own check gives it, and beside it what only stands here.
  auto made = ordered_json::parse(storage::to_json(report));
  made["what_to_do"] = what_now(report);
  made["rules"] = ordered_json::array();
  for (const auto& each : lines_of(report))
    made["rules"].push_back(
        {{"rule", each.rule}, {"title", each.title}, {"result", each.result}, {"read", each.text}});
  return made;
}

outcome show(const storage::check_report& report, tools::output_format format) {
  if (format == tools::output_format::json) {
    tools::print_json(with_rules(report));
    return status_of(report.verdict);
  }
  tools::text_table table({"RULE", "RESULT", "WHAT MUST HOLD", "WHAT WAS READ"});
  for (const auto& each : lines_of(report))
    table.add({each.rule, each.result == "fail" ? "FAIL" : std::string(each.result),
               std::string(each.title), tools::as_cell(each.text)});
  tools::print(table.to_string());
  tools::print("\nverdict: " + std::string(storage::to_string(report.verdict)) + " (after "
               + std::to_string(report.duration_ms) + " ms)\nwhat to do: " + what_now(report)
               + "\n");
  return status_of(report.verdict);
}

/// Both stores closed, or the report would be about two moments.
base::status check_closed(const storage::store_paths& stores) {
  if (auto closed = check_log_is_closed(stores.log_path); !closed)
    return closed;
  if (stores.backend == storage::backend::lmdb)
    return check_log_is_closed(stores.state_path);
  if (!is_state_in_use(stores))
    return {};
  return base::fail(base::errc::locked,
                    "a process has " + stores.state_path
                        + " open; end it (a sqlite3 shell?), or ask the running "
                          "node: POST /admin/validate");
}

} // namespace

outcome check(const selection& what, tools::output_format format) {
  auto stores = stores_of(what);
  if (!stores)
    return base::fail(stores.error());
  if (auto closed = check_closed(*stores); !closed)
    return base::fail(closed.error());
  storage::check_options options;
  options.digest_budget = all_the_time;
  options.leaves_no_trace = true;
  auto report = storage::cross_check(*stores, options);
  // What was read beside somebody's writes is void.
  if (auto closed = check_closed(*stores); !closed)
    return base::fail(closed.error());
  return show(report, format);
}

outcome report_crash(const std::string& signal, tools::output_format format) {
  storage::check_report report;
  report.verdict = verdict::refuse;
  report.findings.push_back({"INV-105", "reading the stores ended the check with " + signal, true});
  report.what_to_do =
      "Keep the files: they are damaged. Restore the newest backup into an empty directory "
      "(aspen-backup restore FILE --data-dir DIR), or join again as a new server.";
  return show(report, format);
}

} // namespace debug_storage
