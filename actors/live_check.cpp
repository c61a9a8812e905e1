// SPDX-License-Identifier: Apache-2.0
#include "actors/live_check.hpp"

namespace actors {

namespace {

std::string text_of(raft::log_index index) {
  return std::to_string(index.value);
}

std::string text_of(const raft::entry_id& id, const raft::chain_hash& chain) {
  return "index " + text_of(id.index) + ", term " + std::to_string(id.term.value) + ", chain "
         + base::to_hex(chain);
}

class findings {
public:
  explicit findings(storage::check_report& report) : report_(report) {}

  void rule(const char* number, bool holds, std::string text) {
    auto at = holds ? report_.findings.end() : report_.findings.begin();
    report_.findings.insert(at, {number, std::move(text), !holds});
    if (!holds)
      report_.verdict = storage::verdict::refuse;
  }

private:
  storage::check_report& report_;
};

void judge_log(const live_evidence& all, findings& out) {
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

void judge_positions(const live_evidence& all, findings& out) {
  auto last_applied = all.state->last_applied.index;
  auto committed = all.log->hard_state.commit_index;
  if (all.log->pending)
    committed = std::max(committed, all.log->pending->point.id.index);
  if (last_applied > committed)
    out.rule("INV-75", false,
             "State machine corruption detected: last_applied (" + text_of(last_applied)
                 + ") exceeds committed (" + text_of(committed) + ")");
  else
    out.rule("INV-75", true,
             "last_applied (" + text_of(last_applied) + ") is within committed ("
                 + text_of(committed) + ")");
  auto point = all.log->snapshot.id.index;
  bool reaches = all.state_after->last_applied.index >= point;
  out.rule("INV-76", reaches,
           "last_applied " + text_of(all.state_after->last_applied.index)
               + (reaches ? " reaches" : " lies before") + " the snapshot point " + text_of(point));
}

/// The membership in force at `index`, as the log has it.
const raft::membership& membership_at(const storage::log_state& log, raft::log_index index) {
  const auto* found = &log.snapshot.membership;
  for (const auto& each : log.memberships)
    if (each.index <= index)
      found = &each.membership;
  return *found;
}

void judge_entry(const live_evidence& all, findings& out) {
  const auto& state = *all.state;
  auto here = raft::snapshot_point{all.log->snapshot.id, all.log->snapshot.chain, {}};
  if (all.at_last_applied)
    here = {all.at_last_applied->id, all.at_last_applied->chain, {}};
  if (here.id.index != state.last_applied.index)
    return; // compacted since: nothing to compare with
  bool agrees = here.id == state.last_applied && here.chain == state.chain;
  out.rule("INV-77", agrees,
           agrees ? "log and state machine agree at index " + text_of(here.id.index)
                  : "the stores differ: the state machine has "
                        + text_of(state.last_applied, state.chain) + ", the log "
                        + text_of(here.id, here.chain));
  bool is_same = membership_at(*all.log, here.id.index) == state.membership;
  out.rule("INV-78", is_same,
           "the membership at index " + text_of(here.id.index)
               + (is_same ? " is the log's" : " is not the log's"));
}

void judge_rows(const live_evidence& all, storage::check_report& report, findings& out) {
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
  findings out(report);
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
  if (report.verdict != storage::verdict::ok)
    report.what_to_do = "Nothing: the node ends its stores and checks them in full; see /health.";
  return report;
}

} // namespace actors
