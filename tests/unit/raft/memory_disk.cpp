// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/raft/memory_disk.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "raft/membership.hpp"

namespace raft_test {

using namespace raft;

memory_disk::memory_disk(const base::uuid& cluster_id) {
  snapshot_.chain = chain_seed(cluster_id);
}

memory_disk::memory_disk(const base::uuid& cluster_id, const membership& founders)
  : memory_disk(cluster_id) {
  entries_.push_back(founding_entry(cluster_id, founders));
  state_.commit_index = log_index{1};
}

entry_id memory_disk::last() const {
  return entries_.empty() ? snapshot_.id : entries_.back().id;
}

log_index memory_disk::last_index() const {
  return last().index;
}

chain_hash memory_disk::last_chain() const {
  return entries_.empty() ? snapshot_.chain : entries_.back().chain;
}

const entry& memory_disk::at(log_index index) const {
  BASE_CHECK(index > snapshot_.id.index && index <= last().index, "an entry on the disk");
  return entries_[index - snapshot_.id.index - 1];
}

recovered_state memory_disk::recovered() const {
  recovered_state found{state_, snapshot_, last(), last_chain(), {}, {}, last_applied_};
  if (pending_)
    found.pending_install = pending_->point;
  found.state_is_lost = is_state_lost_;
  found.digest = digest_;
  found.damaged = damaged_;
  for (const auto& each : entries_) {
    if (found.term_starts.empty() || found.term_starts.back().term != each.id.term)
      found.term_starts.push_back({each.id.index, each.id.term});
    if (membership members; each.kind == entry_kind::membership) {
      BASE_CHECK(decode(each.payload.bytes(), members), "a membership entry");
      found.memberships.push_back({each.id.index, std::move(members)});
    }
  }
  return found;
}

void memory_disk::append(const entry& what) {
  BASE_CHECK(what.id.index == last().index.next(), "INV-07: a batch continues the log");
  BASE_CHECK(what.id.term >= last().term, "INV-08: terms never go back");
  BASE_CHECK(what.chain == next_chain(last_chain(), what.id, what.kind, what.payload.hash()),
             "INV-07: a batch continues the chain");
  entries_.push_back(what);
}

void memory_disk::persist(const persist_request& request) {
  const auto& next = request.state;
  BASE_CHECK(next.current_term >= state_.current_term, "INV-01: the durable term never goes back");
  BASE_CHECK(next.current_term > state_.current_term || state_.voted_for == server_id{}
                 || next.voted_for == state_.voted_for,
             "INV-02: the durable vote never changes within its term");
  BASE_CHECK(next.commit_index >= state_.commit_index,
             "INV-03: the durable commit index never goes back");
  if (request.truncate_from) {
    BASE_CHECK(*request.truncate_from > state_.commit_index,
               "INV-11: what is committed is never truncated");
    BASE_CHECK(*request.truncate_from <= last().index, "there is something to be truncated");
    entries_.resize(*request.truncate_from - snapshot_.id.index - 1);
  }
  for (const auto& each : request.entries)
    append(each);
  state_ = next;
  BASE_CHECK(state_.commit_index <= last().index, "INV-05: what is committed is there");
}

void memory_disk::apply(const apply_request& request) {
  BASE_CHECK(!request.entries.empty(), "an apply has entries");
  for (const auto& each : request.entries) {
    BASE_CHECK(each.id.index == last_applied_.next(),
               "INV-06: every entry is applied once, in order");
    BASE_CHECK(each.id.index <= state_.commit_index,
               "INV-06: nothing is applied before its commit is durable");
    BASE_CHECK(each == at(each.id.index), "INV-06: what is applied is what the log holds");
    last_applied_ = each.id.index;
    is_state_lost_ = false;
    applied_.push_back(each);
  }
}

void memory_disk::damage(log_index first, log_index last) {
  auto before = first.previous();
  auto chain = before == snapshot_.id.index ? snapshot_.chain : at(before).chain;
  damaged_.push_back({first, last, chain});
}

void memory_disk::repair(const repair_request& request) {
  BASE_CHECK(!damaged_.empty() && request.entries.front().id.index == damaged_.front().first
                 && request.entries.back().id.index <= damaged_.front().last,
             "INV-28: a repair begins the first damage");
  for (const auto& each : request.entries)
    BASE_CHECK(each == at(each.id.index), "INV-28: what is repaired is what stood there");
  auto& run = damaged_.front();
  run.first = request.entries.back().id.index.next();
  run.chain_before = request.entries.back().chain;
  if (run.first > run.last)
    damaged_.erase(damaged_.begin());
}

std::vector<entry> memory_disk::read(const log_read_request& request) const {
  std::vector<entry> found;
  std::size_t bytes = 0;
  for (auto index = request.first; index <= request.last; index = index.next()) {
    for (const auto& run : damaged_)
      BASE_CHECK(index < run.first || index > run.last, "INV-28: what is damaged is not read");
    bytes += at(index).payload.size();
    if (!found.empty() && bytes > request.bytes_max)
      break;
    found.push_back(at(index));
  }
  return found;
}

snapshot_point memory_disk::compact(log_index up_to, std::uint64_t entries_kept) {
  BASE_CHECK(up_to <= last_applied_, "INV-09: only what was applied is compacted");
  auto newest_to_go = last().index.value > entries_kept ? last().index.value - entries_kept : 0;
  up_to = std::min(up_to, log_index{newest_to_go});
  if (up_to <= snapshot_.id.index)
    return snapshot_;
  for (auto index = snapshot_.id.index.next(); index <= up_to; index = index.next())
    if (at(index).kind == entry_kind::membership)
      BASE_CHECK(decode(at(index).payload.bytes(), snapshot_.membership), "a membership entry");
  auto last_gone = at(up_to);
  entries_.erase(entries_.begin(),
                 entries_.begin() + static_cast<std::ptrdiff_t>(up_to - snapshot_.id.index));
  snapshot_.id = last_gone.id;
  snapshot_.chain = last_gone.chain;
  return snapshot_;
}

void memory_disk::lose_state_machine() {
  last_applied_ = {};
  applied_.clear();
  digest_.reset();
  is_state_lost_ = true;
}

snapshot_point memory_disk::state_point() const {
  BASE_CHECK(!is_state_lost_, "there is a state to be copied");
  auto point = snapshot_;
  for (auto index = snapshot_.id.index.next(); index <= last_applied_; index = index.next()) {
    const auto& each = at(index);
    point.id = each.id;
    point.chain = each.chain;
    if (each.kind == entry_kind::membership)
      BASE_CHECK(decode(each.payload.bytes(), point.membership), "a membership entry");
  }
  return point;
}

void memory_disk::set_pending(const memory_disk& from) {
  pending_ = snapshot{from.state_point(), from.applied_};
  BASE_CHECK(pending_->point.id.term <= state_.current_term,
             "INV-42: a snapshot is of a term that was seen here");
}

void memory_disk::install() {
  BASE_CHECK(pending_.has_value(), "INV-25: an install is pending");
  const auto& point = pending_->point;
  BASE_CHECK(point.id.index >= snapshot_.id.index, "INV-25: a snapshot never goes back");
  bool keeps_suffix = point.id == snapshot_.id
                      || (point.id.index > snapshot_.id.index && point.id.index <= last().index
                          && at(point.id.index).chain == point.chain);
  BASE_CHECK(keeps_suffix || state_.commit_index <= point.id.index,
             "INV-25: no committed entry is dropped");
  auto count = keeps_suffix ? point.id.index - snapshot_.id.index : entries_.size();
  entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(count));
  state_.commit_index = std::max(state_.commit_index, point.id.index);
  last_applied_ = point.id.index;
  applied_ = pending_->applied;
  digest_.reset();
  snapshot_ = point;
  is_state_lost_ = false;
  pending_.reset();
}

} // namespace raft_test
