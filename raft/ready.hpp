// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "raft/messages.hpp"
#include "raft/types.hpp"

/// What the core asks of its surroundings. The caller does all of it, in the order
/// of the members, and reports completions back to the core.
namespace raft {

/// One durable step: replace the log from `first_index()` on by `entries`, and the
/// hard state, in one transaction with one sync. At most one is under way; the
/// next begins when `core::persisted` was called for this one.
struct persist_request {
  std::vector<entry> entries; ///< contiguous; may be empty (hard state alone)
  /// Set when entries at and above this index, if any, are replaced (thesis 3.5).
  std::optional<log_index> truncate_from;
  /// Written in the same transaction. Its `commit_index` may include `entries` only
  /// for the sole voter (two stores, one truth: rule 5).
  hard_state state;
};

/// A message that may leave at once, or only after the persist it depends on.
struct outgoing_message {
  server_id to;
  message body;
};

/// Apply these committed entries to the state machine, in one transaction. At most
/// one is under way; the next begins when `core::applied` was called for this one.
/// Every index is durable here and at or below the durable commit index (INV-50).
struct apply_request {
  std::vector<entry> entries; ///< contiguous, never empty
};

/// Entries [first, last] are wanted from the log store, at most `bytes_max` bytes of
/// payload and at least one entry; answered by `core::log_read`. One at a time.
struct log_read_request {
  log_index first;
  log_index last;
  std::size_t bytes_max;
};

/// Remove entries at and below `up_to`, which a completed checkpoint holds, and move
/// the snapshot point there, keeping what the limits say; answered by `core::compacted`.
struct compact_request {
  log_index up_to;
};

/// A peer needs a snapshot: make or take one whose point is at or above `at_least`, and
/// stream it to that life of it. Answered by `core::snapshot_sent` or `snapshot_failed`,
/// however long it takes; a leader that stepped down ignores the answer.
struct snapshot_to_send {
  server_id to;
  raft::incarnation incarnation; ///< nil: any
  log_index at_least;
};

/// Put the received snapshot at `point` in the place of the state machine, and let the log
/// begin there (two stores, one truth: rule 16, steps 3 and 4); answered by
/// `core::installed`. Nothing else is under way meanwhile.
struct install_request {
  snapshot_point point;
};

/// Write these entries, which came from a peer, over the damaged records of the same indexes,
/// in one transaction; answered by `core::repaired` or, when they do not fit between what stands
/// around them, by `core::repair_refused`.
struct repair_request {
  std::vector<entry> entries; ///< contiguous, never empty
};

/// The caller's own number for a proposal or read, below 2^63, given back in the answer.
using request_id = std::uint64_t;

/// A proposal was given its place in the log, here or at the leader it was forwarded to; a
/// client that loses sight of it must be told "unknown".
struct proposal_appended {
  request_id request;
  entry_id id;
};
/// A proposal is committed: it will be applied, whatever happens. Comes before the entry is
/// handed out to be applied here.
struct proposal_committed {
  request_id request;
  entry_id id;
};
/// A proposal's entry was replaced by another leader's: not done.
struct proposal_dropped {
  request_id request;
};
/// The leader did not take a forwarded proposal: not done. Never `accepted`.
struct proposal_refused {
  request_id request;
  propose_outcome why;
};
/// Nobody here can tell any more whether a proposal is done: its place is covered by a
/// snapshot, or its result was gone before it became known.
struct proposal_unknown {
  request_id request;
};
using proposal_answer = std::variant<proposal_appended, proposal_committed, proposal_dropped,
                                     proposal_refused, proposal_unknown>;

/// A linearizable read may be answered from the local state machine, which has
/// applied `index` or more (thesis 6.4).
struct read_confirmed {
  request_id request;
  log_index index;
};
/// The read cannot be confirmed: this server stopped being able to.
struct read_dropped {
  request_id request;
};
using read_answer = std::variant<read_confirmed, read_dropped>;

/// What happened, for the log and the trace: never needed for correctness.
struct event {
  enum class kind {
    became_follower,
    became_pre_candidate,
    became_candidate,
    became_leader,
    became_learner,
    commit_advanced,
    membership_changed,
    entries_truncated,
    peer_diverged,      ///< it holds another chain at that index: fenced
    peer_rolled_back,   ///< its log ends at that index, below what it acknowledged: fenced
    transfer_abandoned, ///< the target did not take over in time
    disk_gave_up_lead,  ///< the leader's own disk is full, or stalls
    snapshot_installed,
    digests_differ,   ///< at that index, and no value has a majority: an alarm only
    peer_outvoted,    ///< a peer's state is not the majority's at that index; it was told so
    entries_repaired, ///< up to that index, from a peer's copy
    became_outvoted   ///< this server's is not: see `ready::outvoted`
  };
  kind what;
  raft::term term; ///< the current one
  log_index index; ///< a role: the last entry; else what it happened to
};

struct ready {
  std::vector<event> events;
  std::vector<outgoing_message> send_now;
  std::optional<persist_request> persist;
  /// To be sent when `persist` (or, without one, the persist under way) is durable.
  std::vector<outgoing_message> send_after_persist;
  std::vector<proposal_answer> proposals;
  std::vector<read_answer> reads;
  std::optional<apply_request> apply;
  std::optional<log_read_request> log_read;
  std::optional<compact_request> compact;
  std::vector<snapshot_to_send> snapshots_to_send;
  std::optional<install_request> install;
  /// Set once: this server's state is wrong. The core does nothing any more. The caller records
  /// it durably beside the state and ends, and nothing starts on that state again (INV-27).
  std::optional<state_outvote> outvoted;
  std::optional<repair_request> repair;
  /// Set once: nothing of the log is damaged any more. The caller reads both stores again and
  /// makes another core of what they hold; this one does nothing more (INV-28).
  bool log_is_whole = false;
  /// Committed entries wait, and nobody waits for them: call `core::apply_due` once
  /// after `base::limits::apply_delay_ms`. Set once per wait.
  bool start_apply_timer = false;

  bool empty() const;
};

} // namespace raft
