// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "raft/core.hpp"
#include "raft/ready.hpp"

namespace raft {

/// Proposals on their way: queued until the next batch, then in the log until applied.
/// In flight is both (two stores, one truth: rule 8).
class proposal_queue {
public:
  std::uint64_t in_flight() const { return queued_.size() + appended_.size(); }
  std::uint64_t bytes_in_flight() const { return bytes_; }

  void add(proposal what);

  bool has_queued() const { return !queued_.empty(); }
  /// Requires: `has_queued()`.
  const proposal& front() const { return queued_.front(); }
  /// The front proposal received its place in the log. Requires: `has_queued()`.
  proposal take_front(const entry_id& id);

  /// Calls `announce` for those that became committed, in the log's order.
  void committed(log_index commit_index, const std::function<void(proposal_committed)>& announce);
  /// The highest committed proposal whose client waits for apply; zero: none so far.
  log_index apply_wanted() const { return apply_wanted_; }
  void applied(log_index last_applied);

  /// Those still queued, which were never appended; they are gone from here.
  std::vector<request_id> drop_queued();
  /// Those at and below `index` are covered by a snapshot; they are gone from here. Returns
  /// the ones that were not announced as committed.
  std::vector<request_id> cover(log_index index);
  /// Those at `first` and above, whose entries were replaced; they are gone from here.
  std::vector<request_id> drop_from(log_index first);

private:
  friend class invariant_checker;

  struct appended {
    request_id request;
    entry_id id;
    std::uint64_t bytes;
    bool answer_needs_apply;
  };

  std::deque<proposal> queued_;
  std::deque<appended> appended_;   // ascending by index
  std::size_t committed_count_ = 0; // of those in front
  std::uint64_t bytes_ = 0;
  log_index apply_wanted_;
};

} // namespace raft
