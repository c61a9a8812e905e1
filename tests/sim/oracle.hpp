// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <unordered_set>
#include <vector>

#include "raft/core.hpp"
#include "raft/types.hpp"
#include "tests/sim/settings.hpp"

namespace sim {

class server;

/// Knows the whole cluster and judges it after every step by the rules that no server can
/// be judged by alone (INV-02, INV-06, INV-11, INV-15, INV-16, INV-19, INV-21, INV-22).
/// Every check throws `base::invariant_violation`.
class oracle {
public:
  explicit oracle(report& counters) : counters_(counters) {}

  /// `founding` is committed from the beginning.
  void founded(const raft::entry& founding);
  void joined(const server& one) { servers_.push_back(&one); }

  /// Something happened on `one`, which runs.
  void stepped(const server& one);
  /// A message leaves: a crash must not be able to undo what it says (INV-19).
  void leaves(const server& one, const raft::message& body, raft::server_id to);
  /// The state machine of `one` committed `what` and has `digest` now.
  void applied(const server& one, const raft::entry& what, std::uint64_t digest);
  /// `one` opened its stores: they tell one story, and it is this cluster's.
  void opened(const server& one);
  /// A client is told that its write is done, at `index`.
  void acknowledged(std::uint64_t operation, raft::log_index index);
  /// A client that asked when `promised` was acknowledged may read a state that is at `at`.
  void read(raft::log_index promised, raft::log_index at) const;

  /// The highest index that a client knows to be done.
  raft::log_index acknowledged_index() const { return acknowledged_; }
  raft::log_index committed_index() const { return raft::log_index{committed_.size() - 1}; }
  /// The newest committed membership.
  const raft::membership& committed_membership() const { return membership_; }
  /// Whether every member is the server it names and has a state machine: only then may a
  /// disk be lost, or a majority could be without what was acknowledged.
  bool is_redundancy_whole() const;

private:
  struct committed_entry {
    raft::chain_hash chain;
    raft::term entry_term;
    raft::term commit_term; ///< not above the term in which it was committed
    std::uint64_t operation = 0;
    std::optional<std::uint64_t> digest; ///< of the state after it
  };
  struct seen {
    raft::log_index commit_index;
    raft::role_name role = raft::role_name::follower;
    raft::term term;
    std::map<raft::server_id, raft::log_index> match_indexes;
  };
  struct vote_key {
    raft::server_id voter;
    raft::incarnation incarnation;
    raft::term term;
    friend auto operator<=>(const vote_key&, const vote_key&) = default;
  };

  void check_commit(const server& one, const raft::core_status& now);
  void extend_committed(const server& one, const raft::core_status& now, raft::log_index index);
  void check_quorum_holds(const server& one, raft::log_index index,
                          const raft::membership& members) const;
  void check_elected(const server& one, const raft::core_status& now) const;
  void check_new_leader(const server& one, const raft::core_status& now);
  void check_followed(const raft::core_status& now) const;
  static void check_membership(const server& one, const raft::core_status& now);
  void check_lease(const server& one, const raft::core_status& now) const;
  void check_match_indexes(const server& one, const raft::core_status& now, seen& before);
  void record_vote(const server& one, raft::term at, raft::server_id candidate);
  const server* find(raft::server_id id) const;
  const server* find(const raft::member& who) const;

  report& counters_;
  std::vector<const server*> servers_;
  std::vector<committed_entry> committed_;       ///< from index 0 on
  std::unordered_set<std::uint64_t> operations_; ///< that were committed
  raft::membership membership_;
  std::map<raft::term, raft::server_id> leader_of_term_;
  std::map<vote_key, raft::server_id> votes_;
  std::map<raft::server_id, std::pair<std::uint64_t, seen>> seen_; ///< by life
  raft::log_index acknowledged_;
};

} // namespace sim
