// SPDX-License-Identifier: Apache-2.0
// Whole tables of states: the bad ones are refused by their rule, with no byte changed; the
// odd ones start, and hold what they held.
#include <map>
#include <set>

#include "storage/set_aside.hpp"
#include "tests/support/memory_dir.hpp"
#include "tests/unit/storage/planted_state.hpp"

namespace tests {
namespace {

using storage::verdict;

/// By name. Without SQLite's wal-index, which every reader makes anew.
std::map<std::string, std::string> files_of(const two_stores& stores) {
  std::map<std::string, std::string> all;
  for (const auto& each : std::filesystem::directory_iterator(stores.dir.path()))
    if (each.is_regular_file() && !each.path().string().ends_with("-shm"))
      all[each.path().filename()] = two_stores::content(each.path());
  return all;
}

std::string violated_rules(const storage::check_report& report) {
  std::string text;
  for (const auto& one : report.findings)
    if (one.is_violated)
      text += one.rule + ": " + one.text + "\n";
  return text;
}

/// One line for a state that was not judged as expected; empty when it was.
std::string complaint_about(const planted_state& what, const storage::check_report& report) {
  std::string complaint;
  if (report.verdict != what.verdict)
    complaint += "verdict " + std::string(to_string(report.verdict)) + ", expected "
                 + std::string(to_string(what.verdict)) + "; ";
  if (*what.rule != '\0' && violation(report, what.rule).empty())
    complaint += std::string(what.rule) + " is not violated; ";
  if (*what.rule == '\0' && violations(report) != 0)
    complaint += "rules are violated; ";
  if (std::string(what.rule) == "INV-75"
      && !report.findings[0].text.starts_with("State machine corruption detected: last_applied ("))
    complaint += "the guide's sentence does not come first; ";
  if (report.verdict != verdict::ok && report.what_to_do.empty())
    complaint += "nobody is told what to do; ";
  return complaint.empty()
             ? complaint
             : std::string(what.name) + ": " + complaint + "\n" + violated_rules(report);
}

/// What a start does: then the state machine has applied all that is committed.
void start(two_stores& stores, const storage::check_report& report) {
  if (report.state_must_be_set_aside)
    REQUIRE(storage::set_state_aside(stores.paths()));
  if (report.wal_must_be_set_aside)
    REQUIRE(storage::set_wal_aside(stores.state_path()));
  if (report.state_is_lost)
    return;
  if (report.verdict == verdict::rebuild) {
    stores.open_log();
    REQUIRE(stores.log->reset_checkpoints());
    stores.create_state();
  } else {
    stores.open();
  }
  if (stores.state->meta().last_applied.index < stores.log->state().hard_state.commit_index)
    stores.apply_to(stores.log->state().hard_state.commit_index.value);
  auto digest = stores.state->verify_rows([] { return true; });
  REQUIRE(digest);
  CHECK(**digest == stores.state->meta().digest);
  CHECK(stores.state->meta().last_applied.index == stores.log->state().hard_state.commit_index);
}

void judge_planted(const planted_state& what) {
  INFO(what.name);
  two_stores stores(what.backend, what.voters);
  live(stores);
  what.plant(stores);
  stores.close();
  auto before = files_of(stores);
  auto report = stores.check();
  auto complaint = complaint_about(what, report);
  if (!complaint.empty())
    FAIL_CHECK(complaint);
  auto after = files_of(stores);
  bool is_untouched = before == after;
  CHECK(is_untouched);
  if (report.verdict == verdict::ok || report.verdict == verdict::rebuild)
    start(stores, report);
}

void judge_all(const std::vector<planted_state>& all, std::size_t at_least) {
  keep_temporary_files_in_memory();
  std::set<std::string> names;
  for (const auto& each : all) {
    judge_planted(each);
    names.insert(each.name);
  }
  CHECK(names.size() == all.size());
  CHECK(names.size() >= at_least);
}

} // namespace

TEST_CASE("what is wrong with a state machine is refused by its rule, untouched", "[planted]") {
  judge_all(bad_state_machines(), 60);
}

TEST_CASE("what is wrong with a log is refused by its rule, untouched", "[planted]") {
  judge_all(bad_logs(), 45);
}

TEST_CASE("stores that do not belong together are refused, or made anew where that is sure",
          "[planted]") {
  judge_all(bad_pairs(), 20);
}

TEST_CASE("what is odd and healthy starts, and holds what it held (rule 27)", "[planted]") {
  judge_all(odd_states(), 30);
}

} // namespace tests
