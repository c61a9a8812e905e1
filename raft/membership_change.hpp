// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "raft/outcomes.hpp"
#include "raft/types.hpp"

/// What an operator may change about who takes part (thesis 4), and why not. Voters change
/// through a joint configuration, learners at once.
namespace raft {

/// Lets a server in as a learner. A known number in another life replaces that life: one
/// joint change takes it out and the new one in (two stores, one truth: rule 18).
struct add_learner {
  member who;
};
/// Makes a learner that has nearly caught up a voter (thesis 4.2.1).
struct promote_learner {
  server_id id;
};
/// A leader that removes itself leads until that is committed (thesis 4.2.2).
struct remove_member {
  server_id id;
};
using membership_change = std::variant<add_learner, promote_learner, remove_member>;

enum class membership_refusal {
  not_leader,           ///< see `leader`; zero also while leadership is moving
  storage_full,         ///< the leader's disk is full
  change_in_progress,   ///< one at a time: the newest configuration is joint or not committed
  no_own_commit,        ///< the leader has not committed in its own term yet: ask again soon
  unknown_member,       ///< no such number, or not a learner
  already_member,       ///< the number and life, or the address, is in the configuration
  learner_lags,         ///< by `actual` entries, where `limit` are allowed
  unreachable,          ///< the server to be promoted did not answer lately
  quorum_would_be_lost, ///< `actual` of the voters to be are reachable, `limit` are needed
};

struct membership_refused {
  membership_refusal why;
  server_id leader;
  std::uint64_t limit = 0;
  std::uint64_t actual = 0;
};
using membership_outcome = std::variant<accepted, membership_refused>;

/// The configuration in which `change` ends. Requires: `from` is not joint and knows the
/// member that is promoted or removed.
membership changed(membership from, const membership_change& change);

/// The configuration that is appended to go from `from` to `target`: `target` itself if the
/// voters stay, else the joint one, which `settled` ends (thesis 4.3).
membership first_step(const membership& from, const membership& target);

/// What a joint configuration ends in. Requires: it is joint.
membership settled(membership joint);

} // namespace raft
