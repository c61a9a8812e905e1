// SPDX-License-Identifier: Apache-2.0
#include "storage/one_story.hpp"

#include <algorithm>

namespace storage {

void judge_last_applied(raft::log_index last_applied, raft::log_index commit_index,
                        const std::optional<pending_install>& pending, judgement& out) {
  auto committed = commit_index;
  if (pending)
    committed = std::max(committed, pending->point.id.index);
  if (last_applied > committed)
    out.rule("INV-75", false,
             "State machine corruption detected: last_applied (" + text_of(last_applied)
                 + ") exceeds committed (" + text_of(committed) + ")");
  else
    out.rule("INV-75", true,
             "last_applied (" + text_of(last_applied) + ") is within committed ("
                 + text_of(committed) + ")");
}

void judge_reach(raft::log_index last_applied, raft::log_index snapshot_point, judgement& out) {
  bool reaches = last_applied >= snapshot_point;
  out.rule("INV-76", reaches,
           "last_applied " + text_of(last_applied) + (reaches ? " reaches" : " lies before")
               + " the snapshot point " + text_of(snapshot_point));
}

void judge_agreement(const state_meta& state, const raft::snapshot_point& in_log, judgement& out) {
  auto index = text_of(state.last_applied.index);
  bool agrees = in_log.id == state.last_applied && in_log.chain == state.chain;
  out.rule("INV-77", agrees,
           agrees ? "log and state machine agree at index " + index
                  : "the stores differ: the state machine has "
                        + text_of(state.last_applied, state.chain) + ", the log "
                        + text_of(in_log.id, in_log.chain));
  if (!agrees)
    return;
  bool is_same = in_log.membership == state.membership;
  out.rule("INV-78", is_same,
           "the membership at index " + index + (is_same ? " is the log's" : " is not the log's"));
}

} // namespace storage
