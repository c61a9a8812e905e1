// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <variant>

#include "raft/progress.hpp"
#include "raft/quorum.hpp"
#include "raft/types.hpp"

/// The roles of figure 3.3, with pre-candidate (thesis 9.6) and learner (4.2.1). Each
/// holds only what that role may touch. Times are in ticks.
namespace raft::roles {

struct follower {
  server_id leader_id; ///< zero: nobody was heard yet
  std::uint32_t elapsed_ticks = 0;
  std::uint32_t timeout_ticks = 0;
};

/// Asks whether it could win, before it disturbs anybody with a new term.
struct pre_candidate {
  ballot votes;
  std::uint32_t elapsed_ticks = 0;
  std::uint32_t timeout_ticks = 0;
};

/// Its own vote counts once it is durable.
struct candidate {
  ballot votes;
  std::uint32_t elapsed_ticks = 0;
  std::uint32_t timeout_ticks = 0;
};

struct leader {
  std::map<server_id, progress> peers; ///< everybody else in the configuration
  log_index no_op;                     ///< its first entry; reads wait until it is committed
  std::uint32_t heartbeat_elapsed_ticks = 0;
  std::uint32_t quorum_elapsed_ticks = 0;
  std::uint64_t read_round = 0; ///< the newest begun; unique within the term
  std::uint64_t sent_count = 0; ///< append_entries sent; the last one's number
  std::uint64_t ticks = 0;      ///< since the election
  /// Leadership is being handed over (thesis 3.10): nothing new is taken meanwhile.
  struct transfer {
    server_id to;
    std::uint32_t elapsed_ticks = 0;
    bool is_told = false; ///< to campaign, since the last heartbeat
  };
  std::optional<transfer> handing_over;
  /// The first message of each tick within an election timeout; for leases alone.
  struct sent_mark {
    std::uint64_t number;
    std::uint64_t tick;
  };
  std::deque<sent_mark> first_sent;
  log_index digests_agreed;   ///< the newest index at which a majority has one digest
  log_index digests_alarm;    ///< digests differed there, and nothing newer was agreed
  bool gave_up_lease = false; ///< somebody may have been told to campaign in this term
};

/// Receives the log and never campaigns: it is no voter of its configuration.
struct learner {
  server_id leader_id;
  std::uint32_t elapsed_ticks = 0;
};

/// In the order of `role_name`.
using role = std::variant<follower, pre_candidate, candidate, leader, learner>;

} // namespace raft::roles
