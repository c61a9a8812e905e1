// SPDX-License-Identifier: Apache-2.0
#include "storage/memory_log_store.hpp"

#include "base/check.hpp"
#include "storage/log_codec.hpp"

namespace storage {

using base::errc;

namespace {

std::uint64_t stored_bytes(const raft::entry& one) {
  return log_codec::entry_overhead_bytes + one.payload.size();
}

} // namespace

memory_log_store::memory_log_store(const log_seed& seed)
  : outline_(outline_of(seed)), entries_(seed.entries.begin(), seed.entries.end()) {}

const raft::entry& memory_log_store::at(raft::log_index index) const {
  return entries_.at(index - outline_.first_index());
}

raft::chain_hash memory_log_store::chain_at(raft::log_index index) const {
  return index == state().snapshot.id.index ? state().snapshot.chain : at(index).chain;
}

bool memory_log_store::holds(const raft::snapshot_point& point) const {
  auto index = point.id.index;
  return index >= state().snapshot.id.index && index <= state().last.index
         && outline_.term_at(index) == point.id.term && chain_at(index) == point.chain;
}

base::status memory_log_store::append(const log_batch& batch) {
  auto before = outline_.index_before(batch);
  BASE_CHECK(before >= state().snapshot.id.index && before <= state().last.index,
             "INV-30: a batch continues the log");
  auto chain_before = chain_at(before);
  outline_.check_append(batch, chain_before);
  while (state().snapshot.id.index + entries_.size() > before)
    entries_.pop_back();
  entries_.insert(entries_.end(), batch.entries.begin(), batch.entries.end());
  outline_.appended(batch, chain_before);
  return {};
}

base::result<std::vector<raft::entry>> memory_log_store::read(raft::log_index first,
                                                              raft::log_index last,
                                                              std::size_t bytes_max) {
  if (auto inside = outline_.check_range(first, last); !inside)
    return base::fail(inside.error());
  std::vector<raft::entry> found;
  std::size_t bytes = 0;
  for (auto index = first; index <= last; index = index.next()) {
    bytes += at(index).payload.size();
    if (!found.empty() && bytes > bytes_max)
      break;
    found.push_back(at(index));
  }
  return found;
}

base::status memory_log_store::repair(const std::vector<raft::entry>&) {
  BASE_CHECK(!state().damaged.empty(), "INV-47: what is repaired is damaged");
  return {};
}

base::status memory_log_store::set_checkpoint_started(raft::log_index index) {
  outline_.check_checkpoint_started(index);
  outline_.checkpoint_started(index);
  return {};
}

base::status memory_log_store::set_checkpoint_completed(raft::log_index index) {
  outline_.check_checkpoint_completed(index);
  outline_.checkpoint_completed(index);
  return {};
}

base::status memory_log_store::reset_checkpoints() {
  outline_.check_checkpoints_reset();
  outline_.checkpoints_reset();
  return {};
}

base::result<raft::snapshot_point> memory_log_store::compact(raft::log_index up_to,
                                                             std::uint64_t entries_kept,
                                                             std::uint64_t bytes_kept) {
  std::uint64_t kept = 0;
  std::uint64_t bytes = 0;
  for (auto one = entries_.rbegin(); one != entries_.rend() && kept < entries_kept; ++one, ++kept)
    if ((bytes += stored_bytes(*one)) > bytes_kept)
      break;
  auto target = outline_.compaction_target(up_to, kept);
  if (target > state().snapshot.id.index) {
    auto point = outline_.point_at(at(target).id, at(target).chain);
    drop_front_up_to(target);
    outline_.compacted(std::move(point));
  }
  return state().snapshot;
}

void memory_log_store::drop_front_up_to(raft::log_index index) {
  entries_.erase(entries_.begin(),
                 entries_.begin() + static_cast<std::ptrdiff_t>(index - state().snapshot.id.index));
}

base::status memory_log_store::set_pending_install(const pending_install& pending) {
  if (auto possible = outline_.check_pending(pending, holds(pending.point)); !possible)
    return possible;
  outline_.pending_set(pending);
  return {};
}

base::status memory_log_store::finish_pending_install() {
  BASE_CHECK(state().pending, "INV-42: an install that is finished is pending");
  bool keeps_suffix = holds(state().pending->point);
  outline_.state_after_install(keeps_suffix);
  if (keeps_suffix)
    drop_front_up_to(state().pending->point.id.index);
  else
    entries_.clear();
  outline_.install_finished(keeps_suffix);
  return {};
}

base::status memory_log_store::drop_pending_install() {
  outline_.pending_dropped();
  return {};
}

log_sizes memory_log_store::sizes() const {
  log_sizes sizes;
  sizes.entries = entries_.size();
  for (const auto& one : entries_)
    sizes.entry_bytes += stored_bytes(one);
  return sizes;
}

} // namespace storage
