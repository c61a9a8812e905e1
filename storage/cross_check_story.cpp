// SPDX-License-Identifier: Apache-2.0
// Whether both stores tell one story.
#include <algorithm>

#include "storage/cross_check_rules.hpp"
#include "storage/one_story.hpp"

namespace storage {
namespace {

bool is_at(const state_facts& facts, const raft::snapshot_point& point) {
  return facts.meta.last_applied == point.id && facts.meta.chain == point.chain;
}

bool is_whole(const state_evidence& file) {
  return file.facts && !file.structure && file.rows_were_verified && file.facts->meta_is_sealed
         && file.facts->local_is_sealed;
}

/// Found whole, and of what the log says is to be installed.
bool is_usable(const state_evidence& file, const pending_install& pending) {
  return is_whole(file) && is_at(*file.facts, pending.point)
         && file.facts->meta.membership == pending.point.membership
         && file.facts->meta.digest == pending.digest;
}

install_step settle_install(const evidence& all, judgement& out) {
  const auto& pending = all.log.scan->marks.pending;
  if (!pending)
    return install_step::none;
  auto at = "a snapshot at index " + text_of(pending->point.id.index) + " is being installed: ";
  bool is_here = all.state.facts && all.state.facts->meta.last_applied == pending->point.id;
  if (is_here) {
    out.rule("INV-82",
             is_at(*all.state.facts, pending->point)
                 && all.state.facts->meta.membership == pending->point.membership,
             at + "the state machine stands there with "
                 + text_of(all.state.facts->meta.last_applied, all.state.facts->meta.chain)
                 + ", announced was " + text_of(pending->point.id, pending->point.chain));
    return install_step::finish;
  }
  if (all.install && is_usable(*all.install, *pending)) {
    out.note("INV-82", at + pending->file + " is whole and takes the state machine's place");
    return install_step::swap;
  }
  out.note("INV-82", at + pending->file + " is missing or not whole; the old state stays");
  return install_step::drop;
}

/// Rule 12: never replay over pages that a lost WAL may have left behind.
bool settle_lost_frames(const evidence& all, judgement& out) {
  const auto& marks = all.log.scan->marks.checkpoints;
  auto last_applied = all.state.facts->meta.last_applied.index;
  auto found = "last_applied " + text_of(last_applied) + ", checkpoint started at "
               + text_of(marks.started) + ", completed at " + text_of(marks.completed);
  if (last_applied >= marks.started) {
    out.rule("INV-80", true, "nothing that was checkpointed is missing: " + found);
    return false;
  }
  if (all.main_file && is_whole(*all.main_file)
      && all.main_file->facts->meta.last_applied.index >= marks.completed) {
    out.note("INV-80", "the WAL lost frames (" + found
                           + "), and the database file alone is whole at index "
                           + text_of(all.main_file->facts->meta.last_applied.index)
                           + ": the WAL is set aside and the log replayed from there");
    return true;
  }
  out.rule("INV-80", false,
           all.paths.backend == backend::sqlite
               ? "the WAL lost frames that the database file may hold: " + found
                     + (all.main_file ? "; the database file alone is not whole" : "")
               : "the state machine went back behind its last checkpoint: " + found);
  return false;
}

/// Restoring a file beside an old WAL, or an old file beside a newer one.
void judge_wal_belongs(const evidence& all, judgement& out) {
  if (!all.main_file)
    return;
  const auto& file = *all.main_file;
  if (!file.facts)
    return judge_failure("INV-81", *file.failure, out);
  const auto& with_wal = *all.state.facts;
  const auto& completed = all.log.scan->marks.checkpoints.completed;
  auto at = file.facts->meta.last_applied.index;
  bool belongs = file.facts->identity == with_wal.identity && at >= completed
                 && at <= with_wal.meta.last_applied.index;
  out.rule("INV-81", belongs,
           belongs ? "the WAL belongs to the database file"
                   : "the WAL does not belong to the database file: the file alone is at index "
                         + text_of(at) + ", with its WAL at "
                         + text_of(with_wal.meta.last_applied.index)
                         + ", a checkpoint completed at " + text_of(completed));
}

} // namespace

settled settle(const evidence& all, judgement& out) {
  settled what;
  what.state = &all.state;
  if (!all.log.scan)
    return what;
  what.install = settle_install(all, out);
  if (what.install == install_step::swap) {
    what.state = nullptr;
    return what;
  }
  // The marks are still those of the state before.
  if (!all.state.facts || what.install == install_step::finish)
    return what;
  what.wal_must_be_set_aside = settle_lost_frames(all, out);
  if (what.wal_must_be_set_aside)
    what.state = &*all.main_file;
  else if (out.holds("INV-80"))
    judge_wal_belongs(all, out);
  return what;
}

namespace {

/// The entry, or snapshot point, that the log holds at the state's index.
std::optional<raft::snapshot_point> log_at(const evidence& all, const settled& what,
                                           const state_facts& facts) {
  const auto& scan = *all.log.scan;
  auto index = facts.meta.last_applied.index;
  if (what.install == install_step::finish)
    return scan.marks.pending->point;
  if (index == scan.marks.snapshot.id.index)
    return scan.marks.snapshot;
  if (!all.log.at_last_applied || all.log.at_last_applied->id.index != index)
    return std::nullopt;
  raft::snapshot_point point{all.log.at_last_applied->id, all.log.at_last_applied->chain,
                             scan.marks.snapshot.membership};
  for (const auto& one : scan.memberships)
    if (one.index <= index)
      point.membership = one.membership;
  return point;
}

void judge_watermark(const evidence& all, const state_facts& facts, judgement& out) {
  const auto& marks = all.log.scan->marks;
  bool grew = marks.write_counter >= facts.watermark.write_counter
              && marks.hard_state.commit_index >= facts.watermark.committed;
  out.rule("INV-79", grew,
           (grew ? "the log did not go back: " : "the log went back: ")
               + std::string("write counter ") + std::to_string(marks.write_counter)
               + ", commit index " + text_of(marks.hard_state.commit_index)
               + "; the state machine has seen " + std::to_string(facts.watermark.write_counter)
               + " and " + text_of(facts.watermark.committed));
}

/// Whom the vote is for is told and not judged: a member that was removed since, or one
/// whose entry has not come yet, may have got it (rule 27; thesis 4.2.2).
void judge_terms(const log_marks& marks, const state_facts& facts, judgement& out) {
  const auto& state = marks.hard_state;
  auto vote = state.voted_for == raft::server_id{}
                  ? std::string("no vote")
                  : "a vote for server " + std::to_string(state.voted_for.value);
  auto found = "current term " + std::to_string(state.current_term.value) + " with " + vote
               + "; the state machine is of term "
               + std::to_string(facts.meta.last_applied.term.value);
  bool has_begun = state.current_term != raft::term{} || state.voted_for == raft::server_id{};
  bool is_behind = facts.meta.last_applied.term <= state.current_term;
  out.rule("INV-85", has_begun && is_behind,
           has_begun ? found : "a vote in a term that never began: " + found);
}

} // namespace

void judge_story(const evidence& all, const settled& what, judgement& out) {
  const auto& facts = *what.state->facts;
  const auto& marks = all.log.scan->marks;
  auto last_applied = facts.meta.last_applied.index;
  judge_last_applied(last_applied, marks.hard_state.commit_index, marks.pending, out);
  judge_terms(marks, facts, out);
  judge_reach(last_applied, marks.snapshot.id.index, out);
  judge_watermark(all, facts, out);
  if (auto here = log_at(all, what, facts))
    judge_agreement(facts.meta, *here, out);
}

} // namespace storage
