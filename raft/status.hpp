// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "raft/progress.hpp"
#include "raft/types.hpp"

namespace raft {

/// In the order of `roles::role`.
enum class role_name { follower, pre_candidate, candidate, leader, learner };

/// One other member as the leader sees it.
struct peer_status {
  server_id id;
  raft::incarnation incarnation; ///< as the configuration names it; nil: not known yet
  bool is_voter = false;
  log_index match_index; ///< durable there and equal to ours
  log_index next_index;
  std::uint64_t lag = 0; ///< entries of ours it does not hold durably
  progress::mode mode = progress::mode::probe;
  progress::snapshot snapshot = progress::snapshot::none;
  /// It answered within the minimum election timeout.
  bool is_reachable = false;
  std::uint64_t contact_age_ticks = 0; ///< since its last answer, or since this leader's election
};

/// The core as others may see it, for health, metrics and `/v1/cluster`.
struct core_status {
  role_name role = role_name::follower;
  raft::term current_term;
  server_id voted_for;
  server_id leader; ///< zero: none known
  log_index first_index;
  log_index last_index;
  log_index durable_index;
  log_index commit_index;
  log_index durable_commit_index;
  log_index last_applied;
  raft::membership membership; ///< the newest
  /// Members of the last committed configuration that the newest, not committed one leaves out.
  std::vector<member> departing;
  std::uint64_t proposals_in_flight = 0; ///< forwarded ones too
  std::uint64_t proposal_bytes_in_flight = 0;
  std::uint64_t reads_waiting = 0;
  std::vector<peer_status> peers;          ///< of a leader; empty otherwise
  server_id transfer_to;                   ///< of a leader that hands over; zero otherwise
  bool is_installing = false;              ///< a received snapshot is about to replace the state
  bool state_is_lost = false;              ///< no state machine here until a snapshot comes
  std::optional<digest_point> digest{};    ///< this server's newest
  log_index digests_agreed;                ///< of a leader: a majority has one digest there
  log_index digests_alarm;                 ///< of a leader: digests differ there, undecided
  std::uint64_t entries_damaged = 0;       ///< of the log, to be repaired from a peer's
  log_index first_damaged;                 ///< of these
  bool is_beyond_repair = false;           ///< no other member holds the first, as they say
  std::optional<state_outvote> outvoted{}; ///< this server's state is wrong; it does nothing
};

} // namespace raft
