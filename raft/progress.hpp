// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>

#include "raft/recent_digests.hpp"
#include "raft/types.hpp"

namespace raft {

/// One other server as the leader sees it (figure 3.1: next_index, match_index), and
/// how much may be on its way there.
class progress {
public:
  enum class mode {
    probe,          ///< where its log meets ours is unknown: one message, then wait
    replicate,      ///< it follows: messages are sent ahead of the answers
    needs_snapshot, ///< what it needs next is compacted
    fenced,         ///< its log contradicts what it acknowledged, or ours: nothing is sent
  };
  /// A snapshot for it, whether it needs one for its log or for its state machine alone.
  enum class snapshot {
    none,
    wanted,
    streaming,  ///< on its way: `core::snapshot_sent` or `snapshot_failed` will tell
    installing, ///< it has it; ends when it follows from there
  };

  /// Begins to probe at `next_index`.
  explicit progress(log_index next_index) : next_(next_index) {}

  mode current_mode() const { return mode_; }
  bool is_fenced() const { return mode_ == mode::fenced; }
  /// What it is known to hold durably and equal to ours.
  log_index match_index() const { return match_; }
  /// The first entry of the next message.
  log_index next_index() const { return next_; }

  /// Whether entries are of any use to it.
  bool takes_entries() const { return mode_ == mode::probe || mode_ == mode::replicate; }
  /// Whether entries may be sent now.
  bool may_send() const;
  /// A message that reaches up to `last` left: with entries, or with none when `last` lies
  /// below `next_index`. It told `leader_commit`, which counts up to `last` only.
  void sent(log_index last, std::uint64_t bytes, log_index leader_commit);
  /// Whether it could commit more than it was told.
  bool should_hear_of(log_index leader_commit) const {
    return std::min(leader_commit, match_) > told_commit_;
  }
  /// A message without an answer may be repeated: a heartbeat interval passed.
  void heartbeat_passed();
  /// What follows the newest message cannot be named from memory, so that no refusal would
  /// tell that messages were lost: when none was answered lately, it is probed again.
  void lost_sight();

  /// It holds everything up to `match`. Returns whether that is news.
  bool accepted(log_index match);
  /// It refused a message that followed `rejected`; the next one follows `meeting`.
  /// Answers that were overtaken are ignored.
  void rejected(log_index rejected, log_index meeting);
  void found_compacted();
  void fence() { mode_ = mode::fenced; }

  snapshot snapshot_state() const { return snapshot_; }
  /// Whether the log must be kept for what it is about to follow.
  bool pins_log() const {
    return snapshot_ == snapshot::streaming || snapshot_ == snapshot::installing;
  }
  /// A follower that says so in an answer to message `number` has no state machine.
  void state_machine_lost(std::uint64_t number);
  /// One is being sent; `pins_log` from now on.
  void snapshot_begun();
  /// It has one at `point`; answers to messages after `last_number` are about what it did
  /// with it. Without effect unless one is being sent.
  void snapshot_sent(log_index point, std::uint64_t last_number);
  void snapshot_failed(std::uint64_t retry_ticks);
  /// It answered message `number`, holding entries up to `match_index` and its state.
  void state_is_whole(std::uint64_t number);
  /// One tick passed.
  void tick();

  /// A quorum check passed, when our log ended at `last`.
  void quorum_checked(log_index last);
  /// It had entries to take and took none, for `bounds::stalled_checks_max` checks on end, or for
  /// `snapshot_checks_max` while it waits for a snapshot: it may answer, but is no help in
  /// committing.
  bool takes_nothing(std::uint64_t snapshot_checks_max) const;

  bool owes_message = true;            ///< heartbeat, commit index or read round, entries or not
  bool is_active = false;              ///< it answered since the last quorum check
  std::uint64_t silent_ticks = 0;      ///< since its last answer, or since it became a peer
  std::uint64_t confirmed_round = 0;   ///< newest read round it answered
  std::uint64_t acked_tick = 0;        ///< when the newest message it answered was sent
  std::uint64_t match_number = 0;      ///< the last message sent before `match_index` was known
  std::uint64_t conflict_number = 0;   ///< the newest message it refused
  raft::incarnation incarnation;       ///< as the newest configuration names it
  raft::incarnation heard_incarnation; ///< the life that answers, while that names none
  recent_digests digests;              ///< as it reported them
  log_index outvoted_at;               ///< of the newest of these that a majority contradicts
  std::uint64_t snapshot_ticks = 0;    ///< since `snapshot_begun`, or until the next attempt

private:
  struct in_flight {
    log_index last;
    std::uint64_t bytes;
  };
  void reset_to_probe(log_index next);

  mode mode_ = mode::probe;
  log_index match_;
  log_index next_;
  log_index told_commit_;
  bool probe_is_out_ = false;
  bool is_stalled_ = false; ///< nothing was accepted in the last heartbeat interval
  log_index match_at_heartbeat_;
  std::uint64_t stalled_checks_ = 0;
  bool took_something_ = false; ///< since the last quorum check
  log_index last_at_check_;
  std::deque<in_flight> in_flight_;
  std::uint64_t bytes_in_flight_ = 0;
  snapshot snapshot_ = snapshot::none;
  log_index snapshot_point_;          // while `installing`
  std::uint64_t snapshot_number_ = 0; // the last message sent before `installing`
};

} // namespace raft
