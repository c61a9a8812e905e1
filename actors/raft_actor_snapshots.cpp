// SPDX-License-Identifier: Apache-2.0
#include "actors/raft_actor_state.hpp"
#include "base/snapshot_limits.hpp"

namespace actors {

failure too_much_wal() {
  return {failure_code::overloaded,
          commit_status::no,
          "a snapshot is being copied, and the WAL has grown to its bound meanwhile",
          base::limits::snapshot_held_bytes_slow,
          base::limits::snapshot_held_bytes_slow,
          std::chrono::seconds(1)};
}

// -- a peer needs one ------------------------------------------------------------------

void raft_actor::send_snapshots(const std::vector<raft::snapshot_to_send>& all) {
  for (const auto& each : all)
    if (others_.snapshot_sender)
      send(others_.snapshot_sender, send_snapshot{life_, each.to, each.at_least});
    else
      core_->snapshot_failed(each.to);
}

void raft_actor::on_snapshot_was_sent(const snapshot_was_sent& what) {
  if (what.life != life_)
    return;
  core_->snapshot_sent(what.to, what.file->offer.point.id);
  perform();
}

void raft_actor::on_snapshot_not_sent(const snapshot_not_sent& what) {
  if (what.life != life_)
    return;
  core_->snapshot_failed(what.to);
  perform();
}

void raft_actor::on_slow_writes(const slow_writes& what) {
  if (what.life == life_)
    are_writes_slowed_ = what.are_slowed;
}

// -- this server got one -----------------------------------------------------------------

void raft_actor::on_snapshot_arrived(const snapshot_arrived& what) {
  if (what.life != life_)
    return;
  if (!core_) { // the receiver does not wait for this actor to begin
    arrived_early_ = what;
    return;
  }
  if (!core_->snapshot_received(what.what->point)) {
    send(others_.log_writer, drop_install{life_});
    if (others_.snapshot_receiver)
      send(others_.snapshot_receiver, drop_install{life_});
  }
  perform();
}

void raft_actor::on_snapshot_installed(const snapshot_installed& what) {
  if (what.life != life_)
    return;
  write_counter_ = what.write_counter;
  {
    answer_batch together;
    ledger_.skip_to(what.point->id.index);
  }
  core_->installed(what.point->id);
  if (what.digest)
    core_->digest_recorded(*what.digest);
  perform();
}

} // namespace actors
