// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"

/// What goes to the log's disk: one batch at a time, the hard state with it. A batch
/// closes when the one before it is durable (two stores, one truth: rules 5, 9).
namespace raft {

entry core::implementation::make_entry(entry_kind kind, raft::payload content) const {
  entry made;
  made.id = {log.last().index.next(), current_term};
  made.kind = kind;
  made.payload = std::move(content);
  made.chain = next_chain(log.last_chain(), made.id, made.kind, made.payload.hash());
  return made;
}

void core::implementation::append_queued_proposals() {
  if (!is_leader() || persisting)
    return;
  auto entries = log.last().index - log.durable_index();
  auto bytes = log.bytes_between(log.durable_index(), log.last().index);
  while (proposals.has_queued() && entries < base::limits::persist_entries_max) {
    bytes += proposals.front().payload.size();
    if (bytes > base::limits::persist_bytes_max && entries > 0)
      return;
    ++entries;
    auto next = proposals.take_front({log.last().index.next(), current_term});
    auto made = make_entry(next.kind, std::move(next.payload));
    made.leader_time_ms = next.leader_time_ms;
    made.trace = next.trace;
    answer(proposal_appended{next.request, made.id});
    append(std::move(made));
  }
}

void core::implementation::begin_persist(ready& out) {
  if (persisting || is_installing)
    return;
  if (!log.has_unpersisted() && version == durable_version && !wants_commit_persist())
    return;
  auto batch =
      log.begin_persist(base::limits::persist_entries_max, base::limits::persist_bytes_max);
  hard_state state{current_term, voted_for, commit_index_to_record(batch)};
  persisting = persist_under_way{state, version};
  out.persist = persist_request{std::move(batch.entries), batch.truncate_from, state};
}

// Only who is alone in the newest configuration, this batch included, commits by writing.
log_index core::implementation::commit_index_to_record(const log_view::batch& batch) const {
  auto last = batch.entries.empty() ? log.durable_index() : batch.entries.back().id.index;
  if (is_leader() && is_sole_voter() && history.at(last).is_sole_voter(self())
      && log.term_at(last) == current_term)
    return last;
  return std::max(durable_state.commit_index, std::min(commit_index, log.durable_index()));
}

void core::implementation::persisted() {
  BASE_CHECK(persisting.has_value(), "INV-10: no persist is under way");
  log.finish_persist();
  BASE_CHECK(persisting->state.commit_index <= log.durable_index(),
             "INV-05: the durable commit index lies within the durable log");
  durable_state = persisting->state;
  durable_version = persisting->version;
  persisting.reset();
  persisting_ticks = 0;
  commit_to(std::max(commit_index, durable_state.commit_index));
  trim_window();
  count_own_vote();
  commit_by_quorum();
  settle();
}

} // namespace raft
