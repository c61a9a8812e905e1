// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "raft/planted_bug.hpp"

namespace sim {

/// Bugs that the surroundings of a core can have: planted into the simulated server, not
/// into the product.
enum class bug {
  none,
  vote_not_persisted,         ///< the vote is left out of the hard state
  reply_before_sync,          ///< what depends on a persist leaves at once
  sync_is_a_lie,              ///< a persist is reported before it is durable
  commit_not_persisted,       ///< entries are applied beyond the durable commit index
  last_applied_not_persisted, ///< a restart applies again what was applied
  applied_before_durable,     ///< an apply is reported before it happened
  acknowledged_when_appended, ///< a put is answered when it has its place in the log
  condition_judged_early,     ///< a conditional write is judged before it is replicated
  read_without_asking,        ///< any server answers a read from what it has
  read_by_leader_alone,       ///< a leader answers a read without a round
  any_round_confirms,         ///< an answer to an earlier round confirms the newest
  conflict_taken_as_match,    ///< a refusal counts as an acceptance
  match_taken_from_end,       ///< a follower accepts up to the end of its log
  sent_taken_as_match,        ///< an acceptance counts for all that was sent
  vote_without_log_check,     ///< a candidate is taken for up to date
  pre_vote_taken_as_vote,     ///< an answer to a pre-vote counts in the election
  refusal_taken_as_vote,      ///< any answer in an election is a vote
  vote_of_any_term,           ///< an answer of an earlier term counts in this one
  leader_of_any_term,         ///< a leader of an earlier term is followed
  answer_to_older_question,   ///< confirms the reads that came after it, too
  failed_write_taken_as_done, ///< a failed write to the log is reported as durable
  snapshot_without_members,   ///< the membership is left out of it
  snapshot_named_later,       ///< by the index at which it is sent, not made
  checkpoint_not_copied,      ///< it is marked as complete, and nothing was copied
  lost_state_not_told,        ///< a server without a state machine says it has one
  state_differs,              ///< one server's state, and only the replicas' digests tell
};

/// One planted bug, in the surroundings or in the core.
struct planted {
  std::string_view name;
  bug outside = bug::none;
  raft::planted_bug inside = raft::planted_bug::none;
};

/// All of them; a bug's number is its place here, from 1 on.
const std::vector<planted>& planted_bugs();

} // namespace sim
