// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include "actors/actor_context.hpp"
#include "actors/gateway.hpp"
#include "tests/actors/memory_network.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/faulty_stores.hpp"

namespace actors {

/// One node of the cluster: its group of actors over stores in memory.
struct cluster_node {
  actor_context context;
  storage::identity identity;
  std::shared_ptr<memory_transport> transport;
  std::shared_ptr<test_support::fault_script> log_script =
      std::make_shared<test_support::fault_script>();
  std::unique_ptr<gateway> door;
  /// Time that passed for this node alone, beside that of all: it was frozen, and is no longer.
  std::shared_ptr<std::chrono::nanoseconds> frozen_for =
      std::make_shared<std::chrono::nanoseconds>(0);

  raft::core_status core() const;
  peers_status peers() const;
  bool leads() const { return core().role == raft::role_name::leader; }

  std::shared_ptr<slot<written>> put(const std::string& key, const std::string& value);
  std::shared_ptr<slot<written>> remove(const std::string& key);
  std::shared_ptr<slot<query_result>> get(const std::string& key,
                                          consistency how = consistency::linearizable,
                                          std::uint64_t min_index = 0);

private:
  std::shared_ptr<slot<written>> write(const storage::command& what, bool needs_result);
};

/// Founders of one cluster in one actor system, on CAF's deterministic scheduler and over a
/// network in memory. Time and messages stand still until `pass`.
class cluster_fixture {
public:
  explicit cluster_fixture(std::size_t founders = 3, bool has_leases = false);
  ~cluster_fixture();

  cluster_node& operator[](std::uint64_t id) { return *nodes_.at(id); }
  /// The node that leads with the highest term; fails the test when there is none.
  cluster_node& leader();
  /// Some node that does not lead.
  cluster_node& follower();

  /// Starts a server with an empty log, which waits to be admitted.
  cluster_node& join(std::uint64_t id);
  /// Starts a server with an empty log, in a life of its own, which founds a cluster with the
  /// others of the servers 1 to `founders`.
  cluster_node& found(std::uint64_t id, std::size_t founders);
  /// Ends a node's actors as a kill would: nothing is said to anybody.
  void stop(std::uint64_t id);

  void settle();
  /// In small steps, delivering messages in between.
  void pass(std::chrono::milliseconds time);
  /// Passes time until `holds`; fails the test after a minute of it.
  template <class Condition>
  void wait_until(Condition&& holds, const char* what) {
    for (int i = 0; i < 6000 && !holds(); ++i)
      pass(std::chrono::milliseconds(10));
    INFO("waited for: " << what);
    REQUIRE(holds());
  }
  void wait_for_leader();
  /// The answer to `where`, after as much time as it takes.
  template <class Reply>
  answer<Reply> told(const std::shared_ptr<slot<Reply>>& where) {
    wait_until([&] { return where->is_filled(); }, "an answer");
    return where->take();
  }
  /// The value a read found; "(none)" for no row, "(code)" for a refusal.
  std::string value_of(const std::shared_ptr<slot<query_result>>& where);

  static std::string address_of(std::uint64_t id) { return "peer" + std::to_string(id) + ":1"; }

  memory_network network;

private:
  struct virtual_time : caf::actor_system_config {
    virtual_time() { set("scheduler.policy", caf::atom("testing")); }
  };
  /// `entry`: the founding entry, which its log begins with; without voters it is empty.
  cluster_node& start(std::uint64_t id, const raft::membership& entry,
                      std::vector<raft::member> founders);
  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  }

  const bool has_leases_;
  virtual_time config_;
  std::map<std::uint64_t, std::unique_ptr<cluster_node>> nodes_;
  std::map<std::uint64_t, int> lives_;
  caf::actor_system system_{config_};
};

} // namespace actors
