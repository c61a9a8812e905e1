// SPDX-License-Identifier: Apache-2.0
#include "storage/log_outline.hpp"

#include <algorithm>
#include <iterator>

#include "base/check.hpp"

namespace storage {

using base::errc;

log_outline::log_outline(log_state state, std::vector<membership_at> memberships)
  : state_(std::move(state)) {
  state_.memberships = std::move(memberships);
  state_.membership = state_.memberships.empty() ? state_.snapshot.membership
                                                 : state_.memberships.back().membership;
}

raft::term log_outline::term_at(raft::log_index index) const {
  BASE_CHECK(index >= state_.snapshot.id.index && index <= state_.last.index,
             "terms are known from the snapshot point to the end");
  if (index == state_.snapshot.id.index)
    return state_.snapshot.id.term;
  auto after = std::upper_bound(
      state_.term_starts.begin(), state_.term_starts.end(), index,
      [](raft::log_index at, const raft::term_start& start) { return at < start.first_index; });
  BASE_CHECK(after != state_.term_starts.begin(), "every entry has a term (INV-35)");
  return std::prev(after)->term;
}

const raft::membership& log_outline::membership_at_index(raft::log_index index) const {
  auto after =
      std::upper_bound(state_.memberships.begin(), state_.memberships.end(), index,
                       [](raft::log_index at, const membership_at& one) { return at < one.index; });
  return after == state_.memberships.begin() ? state_.snapshot.membership
                                             : std::prev(after)->membership;
}

raft::log_index log_outline::index_before(const log_batch& batch) const {
  return batch.truncate_from ? batch.truncate_from->previous() : state_.last.index;
}

base::status log_outline::check_range(raft::log_index first, raft::log_index last) const {
  if (first >= first_index() && first <= last && last <= state_.last.index)
    return {};
  return base::fail(errc::not_found, "entries " + std::to_string(first.value) + " to "
                                         + std::to_string(last.value) + ": the log holds "
                                         + std::to_string(first_index().value) + " to "
                                         + std::to_string(state_.last.index.value));
}

void log_outline::check_append(const log_batch& batch, const raft::chain_hash& chain_before) const {
  if (batch.truncate_from) {
    BASE_CHECK(*batch.truncate_from > state_.hard_state.commit_index,
               "INV-30: nothing committed is replaced");
    BASE_CHECK(*batch.truncate_from <= state_.last.index.next(), "INV-30: no gap before the cut");
  }
  raft::entry_id last{index_before(batch), term_at(index_before(batch))};
  auto chain = chain_before;
  for (const auto& entry : batch.entries) {
    BASE_CHECK(entry.id.index == last.index.next(), "INV-30: entries are contiguous");
    BASE_CHECK(entry.id.term >= last.term, "INV-35: terms never decrease along the log");
    chain = raft::next_chain(chain, entry.id, entry.kind, entry.payload.hash());
    BASE_CHECK(entry.chain == chain, "INV-34: the entry's chain follows from the one before");
    raft::membership members;
    BASE_CHECK(entry.kind != raft::entry_kind::membership
                   || raft::decode(entry.payload.bytes(), members),
               "a membership entry holds a membership");
    last = entry.id;
  }
  check_hard_state(batch.hard_state, last);
}

void log_outline::check_hard_state(const raft::hard_state& next, const raft::entry_id& last) const {
  const auto& now = state_.hard_state;
  BASE_CHECK(next.current_term >= now.current_term, "INV-31: the term never goes back");
  BASE_CHECK(next.current_term > now.current_term || now.voted_for == raft::server_id{}
                 || next.voted_for == now.voted_for,
             "INV-31: one vote a term");
  BASE_CHECK(next.commit_index >= now.commit_index, "INV-31: the commit index never goes back");
  BASE_CHECK(next.commit_index <= last.index, "INV-36: what is committed is in the log");
  BASE_CHECK(last.term <= next.current_term, "INV-35: no entry is of a term not yet begun");
}

void log_outline::appended(const log_batch& batch, const raft::chain_hash& chain_before) {
  if (batch.truncate_from)
    cut_from(*batch.truncate_from, chain_before);
  for (const auto& entry : batch.entries) {
    if (state_.term_starts.empty() || state_.term_starts.back().term != entry.id.term)
      state_.term_starts.push_back({entry.id.index, entry.id.term});
    if (entry.kind == raft::entry_kind::membership) {
      raft::decode(entry.payload.bytes(), state_.membership); // succeeded in check_append
      state_.memberships.push_back({entry.id.index, state_.membership});
    }
    state_.last = entry.id;
    state_.last_chain = entry.chain;
  }
  state_.hard_state = batch.hard_state;
  ++state_.write_counter;
}

void log_outline::cut_from(raft::log_index index, const raft::chain_hash& chain_before) {
  raft::entry_id last{index.previous(), term_at(index.previous())};
  std::erase_if(state_.term_starts, [&](const auto& start) { return start.first_index >= index; });
  std::erase_if(state_.memberships, [&](const auto& one) { return one.index >= index; });
  state_.membership = membership_at_index(last.index);
  state_.last = last;
  state_.last_chain = chain_before;
}

void log_outline::check_repair(const std::vector<raft::entry>& entries) const {
  BASE_CHECK(!entries.empty() && !state_.damaged.empty(), "INV-47: what is repaired is damaged");
  const auto& run = state_.damaged.front();
  BASE_CHECK(entries.front().id.index == run.first && entries.back().id.index <= run.last
                 && entries.back().id.index <= state_.hard_state.commit_index,
             "INV-47: only damaged entries that are committed are written again");
}

void log_outline::repaired(const std::vector<raft::entry>& entries) {
  auto& run = state_.damaged.front();
  run.first = entries.back().id.index.next();
  run.chain_before = entries.back().chain;
  if (run.first > run.last)
    state_.damaged.erase(state_.damaged.begin());
  ++state_.write_counter;
}

void log_outline::check_checkpoint_started(raft::log_index index) const {
  BASE_CHECK(index >= state_.checkpoint_started, "INV-41: checkpoints never go back");
  BASE_CHECK(index <= state_.hard_state.commit_index,
             "INV-41: what is checkpointed was applied, hence committed");
}

void log_outline::checkpoint_started(raft::log_index index) {
  state_.checkpoint_started = index;
  ++state_.write_counter;
}

void log_outline::check_checkpoint_completed(raft::log_index index) const {
  BASE_CHECK(index == state_.checkpoint_started,
             "INV-41: the checkpoint that completes is the one that started");
}

void log_outline::checkpoint_completed(raft::log_index index) {
  state_.checkpoint_completed = index;
  ++state_.write_counter;
}

void log_outline::check_checkpoints_reset() const {
  BASE_CHECK(state_.snapshot.id.index == raft::log_index{},
             "INV-41: without a checkpoint the log must hold everything");
}

void log_outline::checkpoints_reset() {
  state_.checkpoint_started = {};
  state_.checkpoint_completed = {};
  ++state_.write_counter;
}

raft::log_index log_outline::compaction_target(raft::log_index up_to, std::uint64_t kept) const {
  BASE_CHECK(up_to <= state_.checkpoint_completed,
             "INV-40: only what the database file holds is removed");
  auto floor = state_.snapshot.id.index;
  auto target = floor + (entry_count() > kept ? entry_count() - kept : 0);
  return std::max(floor, std::min(up_to, target));
}

raft::snapshot_point log_outline::point_at(const raft::entry_id& id,
                                           const raft::chain_hash& chain) const {
  return {id, chain, membership_at_index(id.index)};
}

void log_outline::compacted(raft::snapshot_point point) {
  drop_up_to(point);
  state_.snapshot = std::move(point);
  ++state_.write_counter;
}

// Forgets what stands at or below the point; the entries above it stay.
void log_outline::drop_up_to(const raft::snapshot_point& point) {
  auto first = point.id.index.next();
  auto& starts = state_.term_starts;
  if (state_.last.index == point.id.index) {
    starts.clear();
  } else {
    auto covering = std::prev(std::upper_bound(
        starts.begin(), starts.end(), first,
        [](raft::log_index at, const raft::term_start& start) { return at < start.first_index; }));
    starts.erase(starts.begin(), covering);
    starts.front().first_index = first;
  }
  std::erase_if(state_.memberships, [&](const auto& one) { return one.index <= point.id.index; });
}

base::status log_outline::check_pending(const pending_install& pending, bool is_held) const {
  const auto& id = pending.point.id;
  if (id.index < state_.snapshot.id.index)
    return base::fail(errc::invalid, "a snapshot at index " + std::to_string(id.index.value)
                                         + " does not reach the log, which begins after "
                                         + std::to_string(state_.snapshot.id.index.value));
  if (id.term > state_.hard_state.current_term)
    return base::fail(errc::invalid, "a snapshot of term " + std::to_string(id.term.value)
                                         + " while the current term is "
                                         + std::to_string(state_.hard_state.current_term.value));
  if (id.index <= state_.hard_state.commit_index && !is_held)
    return base::fail(errc::corrupt, "a snapshot at index " + std::to_string(id.index.value)
                                         + " is not of the history committed here");
  return {};
}

void log_outline::pending_set(const pending_install& pending) {
  state_.pending = pending;
  ++state_.write_counter;
}

void log_outline::pending_dropped() {
  state_.pending.reset();
  ++state_.write_counter;
}

raft::hard_state log_outline::state_after_install(bool keeps_suffix) const {
  BASE_CHECK(state_.pending.has_value(), "INV-42: an install that is finished is pending");
  auto next = state_.hard_state;
  BASE_CHECK(keeps_suffix || next.commit_index <= state_.pending->point.id.index,
             "INV-42: no committed entry is dropped");
  next.commit_index = std::max(next.commit_index, state_.pending->point.id.index);
  return next;
}

void log_outline::install_finished(bool keeps_suffix) {
  state_.hard_state = state_after_install(keeps_suffix);
  auto point = std::move(state_.pending->point);
  state_.pending.reset();
  if (keeps_suffix) {
    drop_up_to(point);
  } else {
    state_.term_starts.clear();
    state_.memberships.clear();
    state_.last = point.id;
    state_.last_chain = point.chain;
  }
  state_.checkpoint_started = point.id.index;
  state_.checkpoint_completed = point.id.index;
  state_.snapshot = std::move(point);
  state_.membership = state_.memberships.empty() ? state_.snapshot.membership
                                                 : state_.memberships.back().membership;
  ++state_.write_counter;
}

} // namespace storage
