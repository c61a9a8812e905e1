// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <vector>

#include "raft/planted_bug.hpp"
#include "raft/types.hpp"

/// Majority arithmetic over a membership, joint or not (thesis 3.4, 3.6.2, 4.3).
namespace raft {

/// A set without members has no majority: nobody decides for it.
template <class Predicate>
bool is_majority_of(const std::vector<member>& voters, Predicate&& agrees) {
  std::size_t count = 0;
  for (const auto& each : voters)
    if (agrees(each))
      ++count;
  return count * 2 > voters.size();
}

/// Whether those for whom `agrees(member)` holds can decide.
template <class Predicate>
bool is_quorum(const membership& members, Predicate&& agrees) {
  return is_majority_of(members.voters, agrees)
         && (!members.is_joint() || is_majority_of(members.outgoing_voters, agrees));
}

/// The highest index that a majority of `voters` has reached; zero without voters.
template <class MatchOf>
log_index agreed_index_of(const std::vector<member>& voters, MatchOf&& match_of) {
  if (voters.empty())
    return log_index{0};
  std::vector<log_index> reached;
  reached.reserve(voters.size());
  for (const auto& each : voters)
    reached.push_back(match_of(each));
  // Highest first: the element at position n/2 is reached by n/2 + 1 voters.
  auto middle = reached.begin() + static_cast<std::ptrdiff_t>(reached.size() / 2);
  std::nth_element(reached.begin(), middle, reached.end(), std::greater<>{});
  return *middle;
}

/// The highest index that is on a quorum, where `match_of(member)` is durable there.
template <class MatchOf>
log_index agreed_index(const membership& members, MatchOf&& match_of) {
  if (ASPEN_PLANTED(learner_counted)) {
    auto all = members.voters;
    all.insert(all.end(), members.learners.begin(), members.learners.end());
    return agreed_index_of(all, match_of);
  }
  auto agreed = agreed_index_of(members.voters, match_of);
  return members.is_joint() && !ASPEN_PLANTED(joint_commit_by_one_majority)
             ? std::min(agreed, agreed_index_of(members.outgoing_voters, match_of))
             : agreed;
}

/// Who answered in an election, and how.
using ballot = std::map<server_life, bool>;

/// What `who` answered; `when_silent` when it did not.
inline bool answer_of(const ballot& votes, const member& who, bool when_silent) {
  auto found = votes.lower_bound(who.life());
  return found == votes.end() || !who.is(found->first) ? when_silent : found->second;
}

enum class vote_outcome { pending, won, lost };

/// Lost means that those who have not refused are no quorum any more.
inline vote_outcome outcome_of(const membership& members, const ballot& votes) {
  if (is_quorum(members, [&](const member& each) { return answer_of(votes, each, false); }))
    return vote_outcome::won;
  if (!is_quorum(members, [&](const member& each) { return answer_of(votes, each, true); }))
    return vote_outcome::lost;
  return vote_outcome::pending;
}

} // namespace raft
