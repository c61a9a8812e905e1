// SPDX-License-Identifier: Apache-2.0
#include "supervisor/check_log.hpp"

#include <string>

#include "base/log.hpp"
#include "supervisor/log_target.hpp"

namespace supervisor {

namespace {

constexpr auto storage_target = "aspen::raft::storage_sqlite";

base::log::field position(std::string_view key, const std::optional<raft::log_index>& index) {
  if (index)
    return {key, index->value};
  return {key, std::string_view("none")};
}

} // namespace

void log_refusal(const storage::check_report& report) {
  std::optional<raft::log_index> last_applied;
  if (report.last_applied)
    last_applied = report.last_applied->index;
  base::log::error(
      storage_target, "Cross-storage validation failed",
      {position("last_applied", last_applied), position("committed", report.commit_index)});
  for (const auto& finding : report.findings)
    if (finding.is_violated)
      base::log::error(storage_target, "validation failed: " + finding.text,
                       {{"rule", finding.rule}});
  base::log::error(log_target, "storage validation failed, restart aborted",
                   {{"what_to_do", report.what_to_do}});
}

void log_passed(const storage::check_report& report) {
  base::log::info(log_target, "storage validation passed",
                  {{"rules", report.findings.size()},
                   {"digest_complete", report.digest_was_complete},
                   {"duration_ms", report.duration_ms}});
}

} // namespace supervisor
