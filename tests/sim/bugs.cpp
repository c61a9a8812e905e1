// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/bugs.hpp"

namespace sim {

namespace {

using core_bug = raft::planted_bug;

#define ASPEN_OUTSIDE(name)                                                                        \
  planted {                                                                                        \
    #name, bug::name, core_bug::none                                                               \
  }
#define ASPEN_INSIDE(name)                                                                         \
  planted {                                                                                        \
    #name, bug::none, core_bug::name                                                               \
  }

} // namespace

const std::vector<planted>& planted_bugs() {
  static const std::vector<planted> all{
      ASPEN_OUTSIDE(vote_not_persisted),
      ASPEN_OUTSIDE(reply_before_sync),
      ASPEN_OUTSIDE(sync_is_a_lie),
      ASPEN_OUTSIDE(commit_not_persisted),
      ASPEN_OUTSIDE(last_applied_not_persisted),
      ASPEN_OUTSIDE(applied_before_durable),
      ASPEN_OUTSIDE(acknowledged_when_appended),
      ASPEN_OUTSIDE(condition_judged_early),
      ASPEN_OUTSIDE(read_without_asking),
      ASPEN_OUTSIDE(read_by_leader_alone),
      ASPEN_OUTSIDE(any_round_confirms),
      ASPEN_OUTSIDE(conflict_taken_as_match),
      ASPEN_OUTSIDE(match_taken_from_end),
      ASPEN_OUTSIDE(sent_taken_as_match),
      ASPEN_OUTSIDE(vote_without_log_check),
      ASPEN_OUTSIDE(pre_vote_taken_as_vote),
      ASPEN_OUTSIDE(refusal_taken_as_vote),
      ASPEN_OUTSIDE(vote_of_any_term),
      ASPEN_OUTSIDE(leader_of_any_term),
      ASPEN_OUTSIDE(answer_to_older_question),
      ASPEN_OUTSIDE(failed_write_taken_as_done),
      ASPEN_OUTSIDE(snapshot_without_members),
      ASPEN_OUTSIDE(snapshot_named_later),
      ASPEN_OUTSIDE(checkpoint_not_copied),
      ASPEN_OUTSIDE(lost_state_not_told),
      ASPEN_OUTSIDE(state_differs),
      ASPEN_INSIDE(commit_of_older_term),
      ASPEN_INSIDE(commit_from_memory),
      ASPEN_INSIDE(commit_alone),
      ASPEN_INSIDE(commit_beyond_match),
      ASPEN_INSIDE(joint_commit_by_one_majority),
      ASPEN_INSIDE(learner_counted),
      ASPEN_INSIDE(vote_twice),
      ASPEN_INSIDE(vote_forgotten),
      ASPEN_INSIDE(pre_vote_refreshes_contact),
      ASPEN_INSIDE(no_quorum_check),
      ASPEN_INSIDE(truncates_what_matches),
      ASPEN_INSIDE(previous_unchecked),
      ASPEN_INSIDE(dropped_though_appended),
      ASPEN_INSIDE(read_before_own_commit),
      ASPEN_INSIDE(read_before_apply),
      ASPEN_INSIDE(lease_too_long),
      ASPEN_INSIDE(lease_from_arrival),
      ASPEN_INSIDE(lease_over_transfer),
      ASPEN_INSIDE(lease_forgotten),
      ASPEN_INSIDE(change_before_own_commit),
      ASPEN_INSIDE(changes_overlap),
      ASPEN_INSIDE(joint_left_early),
      ASPEN_INSIDE(change_not_rolled_back),
      ASPEN_INSIDE(forwarded_twice),
      ASPEN_INSIDE(lost_messages_unnoticed),
  };
  return all;
}

#undef ASPEN_INSIDE
#undef ASPEN_OUTSIDE

} // namespace sim
