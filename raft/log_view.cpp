// SPDX-License-Identifier: Apache-2.0
#include "raft/log_view.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace raft {

log_view::log_view(snapshot_point snapshot, entry_id last, chain_hash last_chain,
                   std::vector<term_start> term_starts)
  : snapshot_(std::move(snapshot)), last_(last), last_chain_(last_chain),
    term_starts_(std::move(term_starts)), chain_before_window_(last_chain), durable_(last.index) {
  check_origin();
}

// The term starts must describe exactly the entries after the snapshot point (INV-08).
void log_view::check_origin() const {
  BASE_CHECK(last_.index >= snapshot_.id.index, "INV-08: the log ends before its snapshot point");
  if (last_.index == snapshot_.id.index) {
    BASE_CHECK(last_ == snapshot_.id && last_chain_ == snapshot_.chain && term_starts_.empty(),
               "INV-08: an empty log ends at its snapshot point");
    return;
  }
  BASE_CHECK(!term_starts_.empty() && term_starts_.front().first_index == first_index(),
             "INV-08: the first term begins right after the snapshot point");
  BASE_CHECK(term_starts_.front().term >= snapshot_.id.term,
             "INV-08: terms in the log never go back");
  for (std::size_t i = 1; i < term_starts_.size(); ++i)
    BASE_CHECK(term_starts_[i - 1].first_index < term_starts_[i].first_index
                   && term_starts_[i - 1].term < term_starts_[i].term,
               "INV-08: terms in the log never go back");
  BASE_CHECK(term_starts_.back().first_index <= last_.index
                 && term_starts_.back().term == last_.term,
             "INV-08: the last term in the log is the last entry's");
}

std::optional<raft::term> log_view::term_at(log_index index) const {
  if (index == snapshot_.id.index)
    return snapshot_.id.term;
  if (index < snapshot_.id.index || index > last_.index)
    return std::nullopt;
  auto above = std::upper_bound(
      term_starts_.begin(), term_starts_.end(), index,
      [](log_index wanted, const term_start& start) { return wanted < start.first_index; });
  return std::prev(above)->term;
}

std::optional<chain_hash> log_view::chain_at(log_index index) const {
  if (index == snapshot_.id.index)
    return snapshot_.chain;
  if (index == last_.index)
    return last_chain_;
  if (index >= window_first() && index < last_.index)
    return at(index).chain;
  if (index.next() == window_first())
    return chain_before_window_;
  return std::nullopt;
}

entry_id log_view::before_term_at(log_index index) const {
  auto here = term_at(index);
  BASE_CHECK(here.has_value(), "a position inside the log");
  for (const auto& start : term_starts_)
    if (start.term == *here && start.first_index > snapshot_.id.index) {
      auto before = start.first_index.previous();
      return {before, *term_at(before)};
    }
  return snapshot_.id;
}

entry_id log_view::last_with_term_at_most(log_index limit, raft::term at_most) const {
  auto index = std::min(limit, last_.index);
  while (index > snapshot_.id.index) {
    auto here = *term_at(index);
    if (here <= at_most)
      return {index, here};
    index = before_term_at(index).index;
  }
  return snapshot_.id;
}

const log_view::held& log_view::held_at(log_index index) const {
  BASE_CHECK(index >= window_first() && index <= last_.index, "an entry in the window");
  return window_[index - window_first()];
}

const entry& log_view::at(log_index index) const {
  return held_at(index).what;
}

std::vector<entry> log_view::copy(log_index first, log_index last, std::size_t entries_max,
                                  std::size_t bytes_max) const {
  std::vector<entry> copied;
  std::size_t bytes = 0;
  for (auto index = first; index <= last && copied.size() < entries_max; index = index.next()) {
    const auto& next = at(index);
    bytes += next.payload.size();
    if (bytes > bytes_max && !copied.empty())
      break;
    copied.push_back(next);
  }
  return copied;
}

std::uint64_t log_view::bytes_through(log_index index) const {
  return index < window_first() ? bytes_before_window_ : held_at(index).bytes_through;
}

std::uint64_t log_view::bytes_between(log_index after, log_index up_to) const {
  return up_to > after ? bytes_through(up_to) - bytes_through(after) : 0;
}

void log_view::append(entry what) {
  BASE_CHECK(what.id.index == last_.index.next(), "INV-07: the log has no gap");
  BASE_CHECK(what.id.term >= last_.term, "INV-08: terms in the log never go back");
  BASE_CHECK(what.chain == next_chain(last_chain_, what.id, what.kind, what.payload.hash()),
             "INV-07: every entry is chained to the one before it");
  if (term_starts_.empty() || what.id.term > last_.term)
    term_starts_.push_back({what.id.index, what.id.term});
  last_ = what.id;
  last_chain_ = what.chain;
  auto before = window_.empty() ? bytes_before_window_ : window_.back().bytes_through;
  auto bytes = what.payload.size();
  window_.push_back({std::move(what), before + bytes});
}

void log_view::truncate_from(log_index first, const chain_hash& chain_before) {
  BASE_CHECK(first > snapshot_.id.index && first <= last_.index,
             "only entries of the log can be truncated");
  auto before = first.previous();
  auto term_before = *term_at(before);
  while (!window_.empty() && window_.back().what.id.index >= first)
    window_.pop_back();
  while (!term_starts_.empty() && term_starts_.back().first_index >= first)
    term_starts_.pop_back();
  last_ = {before, term_before};
  last_chain_ = chain_before;
  if (window_.empty())
    chain_before_window_ = chain_before;
  // What was written or is on its way must be replaced by the next batch.
  if (handed_index() >= first)
    truncate_from_ = std::min(truncate_from_.value_or(first), first);
  durable_ = std::min(durable_, before);
  if (handed_)
    handed_ = std::min(*handed_, before);
}

void log_view::compact(snapshot_point point) {
  BASE_CHECK(term_at(point.id.index) == point.id.term, "INV-09: the snapshot point is in the log");
  auto known = chain_at(point.id.index);
  BASE_CHECK(!known || *known == point.chain, "INV-09: the snapshot point has the log's chain");
  while (!window_.empty() && window_first() <= point.id.index)
    drop_front();
  snapshot_ = std::move(point);
  auto is_covered = [this](std::size_t i) {
    auto next_start =
        i + 1 < term_starts_.size() ? term_starts_[i + 1].first_index : last_.index.next();
    return next_start <= first_index();
  };
  std::size_t covered = 0;
  while (covered < term_starts_.size() && is_covered(covered))
    ++covered;
  term_starts_.erase(term_starts_.begin(),
                     term_starts_.begin() + static_cast<std::ptrdiff_t>(covered));
  if (!term_starts_.empty())
    term_starts_.front().first_index = std::max(term_starts_.front().first_index, first_index());
}

bool log_view::install(snapshot_point point) {
  BASE_CHECK(!handed_ && !has_unpersisted() && point.id.index >= snapshot_.id.index,
             "INV-25: a snapshot is installed on a log that is durable");
  if (term_at(point.id.index) == point.id.term) {
    compact(std::move(point));
    return true;
  }
  window_.clear();
  term_starts_.clear();
  truncate_from_.reset();
  last_ = point.id;
  last_chain_ = point.chain;
  chain_before_window_ = point.chain;
  durable_ = point.id.index;
  snapshot_ = std::move(point);
  return false;
}

void log_view::drop_front() {
  chain_before_window_ = window_.front().what.chain;
  bytes_before_window_ = window_.front().bytes_through;
  window_.pop_front();
}

void log_view::trim(log_index last_applied, const retention& bounds) {
  while (!window_.empty()) {
    const auto& oldest = window_.front().what.id.index;
    if (oldest > durable_)
      return;
    bool is_applied = oldest <= last_applied;
    auto bytes = window_.back().bytes_through - bytes_before_window_;
    if (window_.size() <= (is_applied ? bounds.applied_entries_max : bounds.entries_max)
        && bytes <= (is_applied ? bounds.applied_bytes_max : bounds.bytes_max))
      return;
    drop_front();
  }
}

log_view::batch log_view::begin_persist(std::size_t entries_max, std::size_t bytes_max) {
  BASE_CHECK(!handed_, "INV-10: one persist is under way at a time");
  batch next;
  next.entries = copy(durable_.next(), last_.index, entries_max, bytes_max);
  next.truncate_from = std::exchange(truncate_from_, std::nullopt);
  BASE_CHECK(!next.truncate_from
                 || (!next.entries.empty() && next.entries.front().id.index == *next.truncate_from),
             "INV-11: what is truncated is replaced in the same batch");
  handed_ = next.entries.empty() ? durable_ : next.entries.back().id.index;
  return next;
}

void log_view::finish_persist() {
  BASE_CHECK(handed_.has_value(), "INV-10: a persist is under way");
  durable_ = *handed_;
  handed_.reset();
}

} // namespace raft
