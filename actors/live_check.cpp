// SPDX-License-Identifier: Apache-2.0
#include "actors/live_check.hpp"

#include "storage/one_story.hpp"

namespace actors {

namespace {

using storage::judgement;
using storage::text_of;

void judge_log(const live_evidence& all, judgement& out) {
  const auto& log = *all.log;
  bool is_in_order = log.snapshot.id.index <= log.hard_state.commit_index
                     && log.hard_state.commit_index <= log.last.index;
  out.rule("INV-73", is_in_order,
           "snapshot point " + text_of(log.snapshot.id.index) + ", commit index "
               + text_of(log.hard_state.commit_index) + ", last entry " + text_of(log.last.index));
  if (!log.damaged.empty())
    out.rule("INV-47", true,
             "entries from " + text_of(log.damaged.front().first)
                 + " on are damaged; they come from another server again");
  if (all.verified_to != raft::log_index{})
    out.rule("INV-73", true,
             "checksum and chain of the entries " + text_of(all.verified_from) + " to "
                 + text_of(all.verified_to) + " hold"
                 + (all.verified_to < log.last.index
                        ? "; the time for the check did not suffice for the others"
                        : ""));
}

void judge_positions(const live_evidence& all, judgement& out) {
  judge_last_applied(all.state->last_applied.index, all.log->hard_state.commit_index,
                     all.log->pending, out);
  judge_reach(all.state_after->last_applied.index, all.log->snapshot.id.index, out);
}

/// The membership in force at `index`, as the log has it.
const raft::membership& membership_at(const storage::log_state& log, raft::log_index index) {
  const auto* found = &log.snapshot.membership;
  for (const auto& each : log.memberships)
    if (each.index <= index)
      found = &each.membership;
  return *found;
}

void judge_entry(const live_evidence& all, judgement& out) {
  auto index = all.state->last_applied.index;
  auto here = raft::snapshot_point{all.log->snapshot.id, all.log->snapshot.chain, {}};
  if (all.at_last_applied)
    here = {all.at_last_applied->id, all.at_last_applied->chain, {}};
  if (here.id.index != index)
    return; // compacted since: nothing to compare with
  here.membership = membership_at(*all.log, index);
  judge_agreement(*all.state, here, out);
}

void judge_rows(const live_evidence& all, storage::check_report& report, judgement& out) {
  if (!all.rows || !all.rows->last_pass)
    return out.rule("INV-83", true, "the rows were not all compared with their digests yet");
  auto age = std::chrono::duration_cast<std::chrono::seconds>(all.now - all.rows->last_pass->ended);
  report.digest_was_complete = true;
  out.rule("INV-83", true,
           "every row matched its digest, compared in the background up to "
               + std::to_string(age.count()) + " s ago ("
               + std::to_string(all.rows->last_pass->rows) + " rows)");
}

} // namespace

storage::check_report judge_live(const live_evidence& all) {
  storage::check_report report;
  judgement out;
  judge_log(all, out);
  if (all.state_is_lost) {
    out.rule("INV-70", true, "the state machine is lost, and a snapshot is waited for");
    report.state_is_lost = true;
  } else {
    judge_positions(all, out);
    judge_entry(all, out);
    judge_rows(all, report, out);
    report.last_applied = all.state->last_applied;
  }
  report.commit_index = all.log->hard_state.commit_index;
  report.last_index = all.log->last.index;
  report.verdict = out.worst();
  report.findings = out.take_findings();
  if (report.verdict != storage::verdict::ok)
    report.what_to_do = "Nothing: the node ends its stores and checks them in full; see /health.";
  return report;
}

} // namespace actors
