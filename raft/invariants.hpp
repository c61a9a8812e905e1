// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <utility>
#include <vector>

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
  /// `check_state`, and what may change from the last call to this one. Of the window it
  /// reads what is new since then, and everything once in `steps_between_full_checks` calls.
  void check_step(const core& subject);

  // For rules about several servers, which no core can be judged by alone.

  /// The chain at `index`, where the core knows it: from the window on, and right before it.
  static std::optional<chain_hash> chain_at(const core& subject, log_index index);
  /// What a leader takes for durable on each of its peers; empty for anybody else.
  static std::vector<std::pair<server_id, log_index>> match_indexes(const core& subject);
  /// Whether it would answer a read without asking anybody.
  static bool holds_lease(const core& subject);

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
    chain_hash last_chain;
    log_index membership_index;
  };

  static void check_positions(const inside& self);
  /// `verified`: a position up to which the window is known to be chained.
  static void check_log(const inside& self, const std::optional<log_index>& verified);
  static void check_role(const inside& self);
  static void check_leader(const inside& self);
  static void check_waiting(const inside& self);
  static observation observe(const inside& self);
  static void check_transition(const observation& before, const observation& now,
                               const inside& self);
  static void check_lead(const observation& before, const observation& now, const inside& self);

  static constexpr std::uint32_t steps_between_full_checks = 64;

  std::optional<observation> before_;
  std::uint32_t steps_ = 0;
};

/// `invariant_checker::check_state`.
void check_all(const core& subject);

} // namespace raft
