// SPDX-License-Identifier: Apache-2.0
#include "raft/progress.hpp"

#include "base/check.hpp"
#include "raft/bounds.hpp"
#include "raft/planted_bug.hpp"

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

void progress::heartbeat_passed() {
  probe_is_out_ = false;
  is_stalled_ = match_ == match_at_heartbeat_;
  match_at_heartbeat_ = match_;
}

void progress::lost_sight() {
  if (mode_ == mode::replicate && is_stalled_ && !ASPEN_PLANTED(lost_messages_unnoticed))
    reset_to_probe(match_.next());
}

void progress::quorum_checked(log_index last) {
  is_active = false;
  bool is_stalled = match_ < last_at_check_ && !took_something_;
  stalled_checks_ = is_stalled ? stalled_checks_ + 1 : 0;
  took_something_ = false;
  last_at_check_ = last;
}

bool progress::takes_nothing(std::uint64_t snapshot_checks_max) const {
  std::uint64_t checks_max = bounds::stalled_checks_max;
  if (snapshot_ != snapshot::none)
    checks_max = std::max(checks_max, snapshot_checks_max);
  return !took_something_ && stalled_checks_ >= checks_max;
}

bool progress::accepted(log_index match) {
  bool is_news = match > match_;
  match_ = std::max(match_, match);
  took_something_ = took_something_ || is_news;
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
  if (mode_ == mode::needs_snapshot)
    found_compacted(); // the one it was sent may be gone
  else if (takes_entries())
    reset_to_probe(std::max(match_, std::min(meeting, rejected.previous())).next());
}

void progress::found_compacted() {
  mode_ = mode::needs_snapshot;
  // While one is on its way or being installed, that is what it waits for; but who is
  // about to install refuses nothing.
  bool was_dropped = snapshot_ == snapshot::installing && conflict_number > snapshot_number_;
  if (snapshot_ == snapshot::none || was_dropped)
    snapshot_ = snapshot::wanted;
}

void progress::state_machine_lost(std::uint64_t number) {
  bool is_overtaken = snapshot_ == snapshot::installing && number <= snapshot_number_;
  if (is_overtaken || snapshot_ == snapshot::streaming || snapshot_ == snapshot::wanted)
    return;
  snapshot_ = snapshot::wanted;
  snapshot_ticks = 0;
}

void progress::snapshot_begun() {
  BASE_CHECK(snapshot_ == snapshot::wanted, "a snapshot is sent to who wants it");
  snapshot_ = snapshot::streaming;
  snapshot_ticks = 0;
}

void progress::snapshot_sent(log_index point, std::uint64_t last_number) {
  if (snapshot_ != snapshot::streaming)
    return;
  snapshot_ = snapshot::installing;
  snapshot_point_ = point;
  snapshot_number_ = last_number;
  if (mode_ == mode::needs_snapshot)
    reset_to_probe(std::max(match_, point).next());
}

void progress::snapshot_failed(std::uint64_t retry_ticks) {
  if (snapshot_ != snapshot::streaming)
    return;
  snapshot_ = snapshot::wanted;
  snapshot_ticks = retry_ticks;
}

void progress::state_is_whole(std::uint64_t number) {
  bool is_installed =
      snapshot_ == snapshot::installing && number > snapshot_number_ && match_ >= snapshot_point_;
  // It may have found the entries it needs elsewhere: with another leader, before this one.
  bool follows = snapshot_ == snapshot::wanted && takes_entries();
  if (!is_installed && !follows)
    return;
  snapshot_ = snapshot::none;
  snapshot_ticks = 0;
}

void progress::tick() {
  ++silent_ticks;
  if (pins_log())
    ++snapshot_ticks;
  else if (snapshot_ticks > 0)
    --snapshot_ticks;
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
