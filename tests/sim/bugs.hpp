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
  vote_of_any_term,           ///< an answer of an earlier term counts in this one
  accepted_of_any_term,       ///< an acceptance of an earlier term counts in this one
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
