// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "raft/types.hpp"

/// What servers say to each other: figure 3.1 of the thesis, with its extensions
/// (pre-vote 9.6, leadership transfer 3.10, read index 6.4). Every message carries
/// the sender's term; the term rule is applied once, before dispatch.
namespace raft {

/// Candidate → all voters. With `is_pre_vote` nothing is recorded: the receiver only
/// says whether it would grant (thesis 9.6), and `term` is the term to come.
struct request_vote {
  raft::term term;
  entry_id last;
  bool is_pre_vote = false;
  bool is_transfer = false; ///< sent on `timeout_now`: leader contact does not refuse it
};

struct request_vote_reply {
  raft::term term;
  bool is_granted = false;
  bool is_pre_vote = false;
};

/// Leader → follower: entries after `previous`, or none as a heartbeat.
struct append_entries {
  raft::term term;
  entry_id previous;         ///< prev_log_index and prev_log_term
  chain_hash previous_chain; ///< compared where the receiver holds that entry
  std::vector<entry> entries;
  log_index leader_commit;
  std::uint64_t read_round = 0; ///< the newest read-index round this message carries
};

/// The entries up to `match_index` are durable on the sender and equal the leader's.
struct append_accepted {
  log_index match_index;
};
/// The sender's log does not hold `previous`; it may hold what stands at `hint`,
/// the last position before the conflicting term (thesis 3.5, fast back-off).
struct append_conflict {
  log_index rejected;
  entry_id hint;
};
/// The sender holds another chain at `previous`: never truncated, always fenced.
struct append_diverged {
  entry_id at;
};
struct append_entries_reply {
  raft::term term;
  std::variant<append_accepted, append_conflict, append_diverged> outcome;
  std::uint64_t read_round = 0;       ///< echoed
  bool state_machine_is_lost = false; ///< asks for a snapshot though the log is whole
};

/// Leader → follower whose next entry is compacted: a snapshot at `point` is on offer;
/// its bytes travel on a connection of their own.
struct install_snapshot {
  raft::term term;
  snapshot_point point;
  std::uint64_t size_bytes = 0;
};
struct install_snapshot_reply {
  raft::term term;
  log_index installed; ///< the receiver's snapshot or applied index now
};

/// Leader → the voter that shall take over (thesis 3.10).
struct timeout_now {
  raft::term term;
};

using message = std::variant<request_vote, request_vote_reply, append_entries, append_entries_reply,
                             install_snapshot, install_snapshot_reply, timeout_now>;

/// The sender's term, whichever message it is.
raft::term term_of(const message& body);

/// Whether it answers a request of the receiver's.
bool is_reply(const message& body);

} // namespace raft
