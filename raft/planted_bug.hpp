// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace raft {

/// Bugs of the protocol that the simulator must find (docs/simulator.md). One build of the
/// tests carries them all and chooses one at run time; every other build carries none.
enum class planted_bug {
  none,
  commit_of_older_term,         ///< by counting (thesis 3.6.2, figure 3.7)
  commit_from_memory,           ///< a leader's own entries count before they are durable
  commit_alone,                 ///< without a quorum
  commit_beyond_match,          ///< a follower commits what its leader did not vouch for
  joint_commit_by_one_majority, ///< of the new configuration alone (thesis 4.3)
  learner_counted,              ///< as a voter, when committing
  vote_twice,                   ///< in one term
  vote_forgotten,               ///< when stepping down in the same term
  pre_vote_refreshes_contact,   ///< who grants a pre-vote takes the asker for its leader
  no_quorum_check,              ///< a leader without a quorum stays
  truncates_what_matches,       ///< an old message cuts the log
  previous_unchecked,           ///< entries are taken whatever stands before them
  dropped_though_appended,      ///< who stops leading calls "not done" what may yet commit
  read_before_own_commit,       ///< a new leader does not know yet what is committed
  read_before_apply,            ///< confirmed is not applied
  lease_too_long,               ///< longer than the election timeout
  lease_from_arrival,           ///< counted from the answer, not from what it answers
  lease_over_transfer,          ///< kept by who told another to take over
  lease_forgotten,              ///< by a voter that restarts
  change_before_own_commit,     ///< of membership (Ongaro 2015)
  changes_overlap,              ///< a second change before the first is committed
  joint_left_early,             ///< before the joint configuration is committed
  change_not_rolled_back,       ///< when its entry is truncated
  forwarded_twice,              ///< a repeated message is a second proposal
  lost_messages_unnoticed,      ///< a follower is never served again
};

#ifdef ASPEN_PLANT_BUGS
/// Defined by the program that plants.
extern planted_bug chosen_bug;
#define ASPEN_PLANTED(which) (::raft::chosen_bug == ::raft::planted_bug::which)
#else
/// A constant: the compiler drops what it guards.
#define ASPEN_PLANTED(which) false
#endif

} // namespace raft
