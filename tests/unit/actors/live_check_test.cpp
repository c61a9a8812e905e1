// SPDX-License-Identifier: Apache-2.0
#include "actors/live_check.hpp"

#include "tests/support/catch.hpp"

namespace {

using raft::log_index;
using raft::term;

/// Stores at rest: entries 1 to 10 of term 1, all committed and applied.
struct stores {
  storage::state_meta state;
  storage::state_meta state_after;
  storage::log_state log;
  raft::entry entry;

  stores() {
    entry.id = {log_index{10}, term{1}};
    entry.chain = base::hash_of("ten");
    state.last_applied = entry.id;
    state.chain = entry.chain;
    state_after = state;
    log.hard_state.commit_index = log_index{10};
    log.last = entry.id;
  }

  storage::check_report check() const {
    actors::live_evidence all;
    all.state = std::make_shared<storage::state_meta>(state);
    all.state_after = std::make_shared<storage::state_meta>(state_after);
    all.log = std::make_shared<storage::log_state>(log);
    if (entry.id.index == state.last_applied.index)
      all.at_last_applied = entry;
    all.now = std::chrono::steady_clock::now();
    return actors::judge_live(all);
  }
};

bool violates(const storage::check_report& report, const std::string& rule) {
  for (const auto& each : report.findings)
    if (each.is_violated && each.rule == rule)
      return true;
  return false;
}

} // namespace

TEST_CASE("Stores at rest pass the live check", "[live-check]") {
  auto report = stores().check();
  CHECK(report.verdict == storage::verdict::ok);
  CHECK(report.commit_index == log_index{10});
  CHECK_FALSE(report.digest_was_complete);
}

TEST_CASE(
    "Entries applied, committed and compacted after the first question are no fault (INV-143)",
    "[live-check]") {
  stores busy;
  busy.state_after.last_applied = {log_index{90}, term{1}};
  busy.log.hard_state.commit_index = log_index{95};
  busy.log.last = {log_index{99}, term{1}};
  busy.log.snapshot.id = {log_index{50}, term{1}};
  busy.entry = {};
  CHECK(busy.check().verdict == storage::verdict::ok);
}

TEST_CASE("A state ahead of its log is named in the words of the guide", "[live-check]") {
  stores wrong;
  wrong.log.hard_state.commit_index = log_index{9};
  auto report = wrong.check();
  CHECK(report.verdict == storage::verdict::refuse);
  CHECK(report.findings.front().rule == "INV-75");
  CHECK(report.findings.front().text
        == "State machine corruption detected: last_applied (10) exceeds committed (9)");
}

TEST_CASE("What can never be is found in a live check", "[live-check]") {
  stores wrong;
  SECTION("another chain at last_applied") {
    wrong.entry.chain = base::hash_of("other");
    CHECK(violates(wrong.check(), "INV-77"));
  }
  SECTION("another membership") {
    wrong.state.membership.voters.push_back({raft::server_id{7}, {}, "", ""});
    CHECK(violates(wrong.check(), "INV-78"));
  }
  SECTION("a state before the snapshot point") {
    wrong.log.snapshot.id = {log_index{11}, term{1}};
    wrong.log.hard_state.commit_index = wrong.log.last.index = log_index{12};
    CHECK(violates(wrong.check(), "INV-76"));
  }
  SECTION("a commit index beyond the last entry") {
    wrong.log.hard_state.commit_index = log_index{11};
    CHECK(violates(wrong.check(), "INV-73"));
  }
}
