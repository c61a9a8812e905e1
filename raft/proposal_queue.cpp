// SPDX-License-Identifier: Apache-2.0
#include "raft/proposal_queue.hpp"

#include "base/check.hpp"

namespace raft {

void proposal_queue::add(proposal what) {
  bytes_ += what.payload.size();
  queued_.push_back(std::move(what));
}

proposal proposal_queue::take_front(const entry_id& id) {
  BASE_CHECK(!queued_.empty(), "INV-17: a queued proposal");
  BASE_CHECK(appended_.empty() || appended_.back().id.index < id.index,
             "INV-17: proposals are appended in the log's order");
  auto taken = std::move(queued_.front());
  queued_.pop_front();
  appended_.push_back({taken.request, id, taken.payload.size(), taken.answer_needs_apply});
  return taken;
}

void proposal_queue::committed(log_index commit_index,
                               const std::function<void(proposal_committed)>& announce) {
  for (; committed_count_ < appended_.size(); ++committed_count_) {
    const auto& next = appended_[committed_count_];
    if (next.id.index > commit_index)
      return;
    if (next.answer_needs_apply)
      apply_wanted_ = next.id.index;
    announce({next.request, next.id});
  }
}

void proposal_queue::applied(log_index last_applied) {
  while (!appended_.empty() && appended_.front().id.index <= last_applied) {
    BASE_CHECK(committed_count_ > 0, "INV-17: only what was announced as committed is applied");
    --committed_count_;
    bytes_ -= appended_.front().bytes;
    appended_.pop_front();
  }
}

std::vector<request_id> proposal_queue::drop_queued() {
  std::vector<request_id> dropped;
  for (const auto& each : queued_) {
    bytes_ -= each.payload.size();
    dropped.push_back(each.request);
  }
  queued_.clear();
  return dropped;
}

std::vector<request_id> proposal_queue::cover(log_index index) {
  std::vector<request_id> covered;
  for (; !appended_.empty() && appended_.front().id.index <= index; appended_.pop_front()) {
    if (committed_count_ > 0)
      --committed_count_;
    else
      covered.push_back(appended_.front().request);
    bytes_ -= appended_.front().bytes;
  }
  return covered;
}

std::vector<request_id> proposal_queue::drop_from(log_index first) {
  std::vector<request_id> dropped;
  while (!appended_.empty() && appended_.back().id.index >= first) {
    BASE_CHECK(appended_.size() > committed_count_,
               "INV-11: a committed proposal is never dropped");
    bytes_ -= appended_.back().bytes;
    dropped.push_back(appended_.back().request);
    appended_.pop_back();
  }
  return {dropped.rbegin(), dropped.rend()};
}

} // namespace raft
