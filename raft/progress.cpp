// SPDX-License-Identifier: Apache-2.0
#include "raft/progress.hpp"

#include "base/check.hpp"
#include "raft/bounds.hpp"

namespace raft {

bool progress::may_send() const {
  switch (mode_) {
  case mode::probe: return !probe_is_out_;
  case mode::replicate:
    return in_flight_.size() < bounds::messages_in_flight_max
           && bytes_in_flight_ < bounds::peer_bytes_in_flight_max;
  case mode::needs_snapshot:
  case mode::fenced: return false;
  }
  return false;
}

void progress::sent(log_index last, std::uint64_t bytes, log_index leader_commit) {
  owes_message = false;
  told_commit_ = std::max(told_commit_, std::min(leader_commit, last));
  if (mode_ == mode::probe)
    probe_is_out_ = true;
  if (mode_ != mode::replicate || last < next_)
    return;
  next_ = last.next();
  in_flight_.push_back({last, bytes});
  bytes_in_flight_ += bytes;
}

bool progress::accepted(log_index match) {
  bool is_news = match > match_;
  match_ = std::max(match_, match);
  if (mode_ == mode::probe || mode_ == mode::needs_snapshot) {
    // A probe is answered for good once the follower holds what went before it.
    if (match_.next() >= next_) {
      mode_ = mode::replicate;
      next_ = match_.next();
      probe_is_out_ = false;
    }
  }
  next_ = std::max(next_, match_.next());
  while (!in_flight_.empty() && in_flight_.front().last <= match_) {
    bytes_in_flight_ -= in_flight_.front().bytes;
    in_flight_.pop_front();
  }
  return is_news;
}

void progress::rejected(log_index rejected, log_index meeting) {
  // Overtaken: it has accepted that position since.
  if (rejected <= match_)
    return;
  // Overtaken: the probe has moved on.
  if (mode_ == mode::probe && rejected != next_.previous())
    return;
  if (mode_ == mode::probe || mode_ == mode::replicate)
    reset_to_probe(std::max(match_, std::min(meeting, rejected.previous())).next());
}

void progress::reset_to_probe(log_index next) {
  BASE_CHECK(next > match_, "INV-14: next_index lies above match_index");
  mode_ = mode::probe;
  next_ = next;
  probe_is_out_ = false;
  in_flight_.clear();
  bytes_in_flight_ = 0;
}

} // namespace raft
