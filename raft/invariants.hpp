// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "raft/core.hpp"

/// The rules INV-01 to INV-18 of docs/invariants.md that one core can be judged by. Tests,
/// golden transcripts and simulations call this after every input; the cheap rules are
/// checked in the core itself as well, in every build.
namespace raft {

/// Watches one core's life: the absolute rules, and those that compare a step with the
/// one before it. Every check throws `base::invariant_violation` naming the rule.
class invariant_checker {
public:
  /// The rules that need no history.
  static void check_state(const core& subject);
  /// `check_state`, and what may change from the last call to this one.
  void check_step(const core& subject);

private:
  using inside = core::implementation;

  struct observation {
    raft::term current_term;
    server_id voted_for;
    log_index commit_index;
    std::optional<chain_hash> chain_at_commit;
    hard_state durable;
    log_index last_applied;
    entry_id last;
    role_name role = role_name::follower;
  };

  static void check_positions(const inside& self);
  static void check_log(const inside& self);
  static void check_role(const inside& self);
  static void check_leader(const inside& self);
  static void check_waiting(const inside& self);
  static observation observe(const inside& self);
  static void check_transition(const observation& before, const observation& now,
                               const inside& self);

  std::optional<observation> before_;
};

/// `invariant_checker::check_state`.
void check_all(const core& subject);

} // namespace raft
