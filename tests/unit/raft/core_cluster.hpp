// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <initializer_list>
#include <map>
#include <set>

#include "tests/unit/raft/core_server.hpp"

namespace raft_test {

/// Founders on a network of memory. Nothing moves by itself: a test ticks, delivers, cuts
/// off and crashes. What must hold between servers is checked after every delivery
/// (INV-15, INV-16).
class core_cluster {
public:
  explicit core_cluster(std::initializer_list<std::uint64_t> ids);

  /// Lets a server join the network: it is started, and a stranger until somebody adds it.
  /// A server of that number is gone.
  core_server& add(raft::core_config config, memory_disk disk);

  core_server& operator[](std::uint64_t id) { return servers_.at(raft::server_id{id}); }
  std::map<raft::server_id, core_server>& servers() { return servers_; }

  /// Ends what is under way on every disk and delivers every message, until all is quiet.
  void settle();
  /// Takes the oldest message of `from`, and delivers it unless its link is cut.
  void deliver_from(core_server& from);
  /// Streams the snapshots that `from` is asked for, unless the link is cut.
  void deliver_snapshots(core_server& from);
  /// Ticks everybody, settling in between, until `is_reached` holds. Fails after 1000 ticks.
  void tick_until(const std::function<bool()>& is_reached);
  /// Ticks one server until it campaigns, and settles: it leads if it can.
  void elect(std::uint64_t id);

  void cut_off(std::uint64_t id) { cut_off_.insert(raft::server_id{id}); }
  void heal() { cut_off_.clear(); }
  /// The leader of the highest term; nullptr if nobody leads.
  core_server* leader();

  /// INV-15, and INV-16 for what was applied.
  void check_step();
  /// `check_step`, and INV-16 for everything in the logs.
  void check();

private:
  void check_leaders();
  void check_logs();
  void check_applied();

  std::map<raft::server_id, core_server> servers_;
  std::set<raft::server_id> cut_off_;
  std::uint64_t added_ = 0;                       // so that no two draw the same numbers
  std::map<raft::term, raft::server_id> leaders_; // who led, ever
  std::map<raft::log_index, raft::chain_hash> applied_chains_; // what was applied, ever
  std::map<raft::server_id, std::size_t> applied_checked_;
};

} // namespace raft_test
