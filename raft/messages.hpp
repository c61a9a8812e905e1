// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "raft/outcomes.hpp"
#include "raft/types.hpp"

/// What servers say to each other: figure 3.1 of the thesis, with its extensions
/// (pre-vote 9.6, leadership transfer 3.10, read index 6.4, clients of a follower 6.2).
/// Every message carries the sender's term; the term rule is applied once, before dispatch.
/// A snapshot travels on a connection of its own (`ready::snapshots_to_send`).
namespace raft {

/// Candidate → all voters. With `is_pre_vote` nothing is recorded: the receiver only
/// says whether it would grant (thesis 9.6), and `term` is the term to come.
struct request_vote {
  raft::term term;
  entry_id last;
  bool is_pre_vote = false;
  bool is_transfer = false; ///< sent on `timeout_now`: leader contact does not refuse it
  /// The life of the receiver that the sender's configuration names; nil: it names none.
  raft::incarnation voter{};
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
  std::uint64_t number = 0;     ///< counts what this leader sent in its term, to anybody
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
  log_index last; ///< where the sender's log ends
};
/// The sender holds another chain at `previous`: never truncated, always fenced.
struct append_diverged {
  entry_id at;
};
struct append_entries_reply {
  raft::term term;
  std::variant<append_accepted, append_conflict, append_diverged> outcome;
  std::uint64_t read_round = 0;         ///< echoed
  bool state_machine_is_lost = false;   ///< asks for a snapshot though the log is whole
  std::uint64_t number = 0;             ///< echoed
  std::optional<digest_point> digest{}; ///< the sender's newest
};

/// Leader → a server whose newest digest is not that of a majority: it must not serve any more
/// (two stores, one truth: rule 28).
struct state_outvoted {
  raft::term term;
  digest_point majority;
};

/// Leader → the voter that shall take over (thesis 3.10).
struct timeout_now {
  raft::term term;
};

/// Follower → leader of `term`: a client's command (thesis 6.2). Taken once: the leader
/// ignores a number that is not above all it saw of that `boot`.
struct forward_proposal {
  raft::term term;
  base::uuid boot;               ///< the sender's process
  std::uint64_t number = 0;      ///< ascending within `boot`
  std::uint64_t deadline_ms = 0; ///< Unix time after which nobody waits; zero: none
  base::uuid trace;
  raft::payload payload;
};
/// It has its place in the leader's log; whether it is committed shows there.
struct proposal_placed {
  entry_id id;
};
struct forward_proposal_reply {
  raft::term term;
  base::uuid boot;          ///< echoed
  std::uint64_t number = 0; ///< echoed
  /// All but `proposal_placed`: it was not appended, and will not be.
  std::variant<proposal_placed, not_leader, overloaded, storage_full> outcome;
};

/// Follower → leader: which index must a read of mine have seen (thesis 6.4)?
struct read_index {
  raft::term term;
  base::uuid boot;         ///< the sender's process
  std::uint64_t round = 0; ///< ascending within `boot`, never asked twice
};
struct read_index_reply {
  raft::term term;
  base::uuid boot;                ///< echoed
  std::uint64_t round = 0;        ///< echoed
  std::optional<log_index> index; ///< none: cannot be confirmed here
};

/// A server whose log holds a damaged entry → another member: what stands in [first, last]?
/// Not under the term rule, and neither is the answer: what is committed is of no term's leader.
struct entry_request {
  raft::term term;
  log_index first;
  log_index last;
};
/// Committed entries from `first` on, as many as fit; none: the sender does not hold them.
struct entry_reply {
  raft::term term;
  log_index first; ///< echoed
  std::vector<entry> entries;
};

using message = std::variant<request_vote, request_vote_reply, append_entries, append_entries_reply,
                             timeout_now, forward_proposal, forward_proposal_reply, read_index,
                             read_index_reply, state_outvoted, entry_request, entry_reply>;

/// The sender's term, whichever message it is.
raft::term term_of(const message& body);

/// Whether it answers a request of the receiver's.
bool is_reply(const message& body);

/// Whether it asks for what a client or a damaged log wants: only members may.
bool is_question(const message& body);

} // namespace raft
