// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_cluster.hpp"

using namespace raft;
using raft_test::config_of;
using raft_test::core_cluster;
using raft_test::core_server;
using raft_test::memory_disk;
using raft_test::test_cluster;
using raft_test::voters;

namespace {

/// Three servers that compact eagerly. The first leads; the third was away while more was
/// written than the log still holds.
class compacting_cluster : public core_cluster {
public:
  compacting_cluster() : core_cluster({}) {
    for (std::uint64_t id : {1, 2, 3}) {
      auto config = config_of(id);
      config.log_entries_kept_min = 5;
      config.window_applied_entries_max = 2;
      config.snapshot_pin_ticks_max = 200;
      add(config, memory_disk(test_cluster, voters({1, 2, 3}))).entries_kept_by_store = 5;
    }
    elect(1);
    cut_off(3);
    (*this)[1].put_all(1, 30);
    settle();
    compact(1);
  }
  void compact(std::uint64_t id) {
    auto& server = (*this)[id];
    server.checkpoint(server.status().last_applied.value);
    settle();
    REQUIRE(server.status().first_index > log_index{20});
  }
  /// Goes on until the leader wants to send the third server a snapshot, and takes that away.
  snapshot_to_send wanted() {
    heal();
    for (int i = 0; i < 100 && (*this)[1].snapshots_to_send.empty(); ++i) {
      for (auto& [id, server] : servers())
        server.tick();
      for (auto& [id, server] : servers()) {
        server.settle();
        while (!server.outbox.empty())
          deliver_from(server);
        server.settle();
      }
    }
    REQUIRE((*this)[1].snapshots_to_send.size() == 1);
    auto what = (*this)[1].snapshots_to_send.front();
    (*this)[1].snapshots_to_send.clear();
    return what;
  }
};

} // namespace

TEST_CASE("a follower that needs what is compacted gets a snapshot, then the log",
          "[raft][thesis 5]") {
  compacting_cluster cluster;
  cluster.heal();
  cluster.tick_until(
      [&] { return cluster[3].status().last_applied == cluster[1].status().last_applied; });
  CHECK(cluster[3].has_event(event::kind::snapshot_installed));
  CHECK(cluster[3].disk().applied().size() == cluster[1].disk().applied().size());
  CHECK(cluster[3].status().membership == voters({1, 2, 3}));
  cluster[1].put(99, "a=1");
  cluster.settle();
  CHECK(cluster[3].disk().last_index() == cluster[1].disk().last_index());
  CHECK(cluster[1].peer(3).snapshot == progress::snapshot::none);
}

TEST_CASE("a snapshot is wanted once, from the start of the log on", "[raft][thesis 5]") {
  compacting_cluster cluster;
  auto what = cluster.wanted();
  CHECK(what.to == server_id{3});
  CHECK(what.at_least == cluster[1].status().first_index.previous());
  for (int i = 0; i < 50; ++i) {
    cluster[1].tick();
    cluster.settle();
  }
  CHECK(cluster[1].snapshots_to_send.empty());
  SECTION("and again, a while after it failed") {
    cluster[1].snapshot_failed(server_id{3});
    CHECK(cluster[1].snapshots_to_send.empty());
    CHECK(cluster.wanted().to == server_id{3});
  }
}

TEST_CASE("nobody sends a snapshot to who does not answer", "[raft][thesis 5]") {
  compacting_cluster cluster;
  cluster.tick_until([&, ticks = 0]() mutable { return ++ticks > 100; });
  CHECK(cluster[1].snapshots_to_send.empty());
}

TEST_CASE("while a snapshot waits to be installed nobody campaigns or applies",
          "[raft][two stores 17][INV-25]") {
  compacting_cluster cluster;
  cluster.wanted();
  auto& receiver = cluster[3];
  REQUIRE(receiver.receive_snapshot(cluster[1].disk()));
  REQUIRE(receiver.is_installing());
  CHECK(receiver.status().is_installing);
  auto applied = receiver.status().last_applied;
  for (int i = 0; i < 100; ++i)
    receiver.tick();
  CHECK(receiver.status().role == role_name::follower);
  CHECK(receiver.status().last_applied == applied);
  SECTION("nor is told to") {
    receiver.step(server_id{1}, timeout_now{term{1}});
    CHECK(receiver.status().role == role_name::follower);
  }
  SECTION("a new term may come meanwhile; the vote waits for the disk") {
    receiver.step(server_id{2}, request_vote{term{9}, {log_index{99}, term{1}}, false, true});
    CHECK(receiver.status().current_term == term{9});
    CHECK_FALSE(receiver.is_persisting());
    receiver.installed();
    CHECK(receiver.is_persisting());
    CHECK(receiver.status().last_applied == cluster[1].status().last_applied);
  }
  SECTION("a crash in between installs it after the restart") {
    receiver.crash({});
    receiver.start();
    CHECK(receiver.is_installing());
    receiver.installed();
    CHECK(receiver.status().last_applied == cluster[1].status().last_applied);
    CHECK_FALSE(receiver.status().is_installing);
  }
  SECTION("a crash after the swap, before the log knows, too") {
    receiver.disk().install();
    receiver.crash({});
    receiver.start();
    CHECK(receiver.status().last_applied == cluster[1].status().last_applied);
  }
  SECTION("and one that fails leaves what was") {
    receiver.install_failed();
    CHECK_FALSE(receiver.status().is_installing);
    CHECK(receiver.status().last_applied == applied);
    cluster[1].snapshot_sent(server_id{3}, cluster[1].disk().state_point().id);
    CHECK(cluster.wanted().to == server_id{3});
  }
}

TEST_CASE("a snapshot that is of no use is refused", "[raft][INV-25]") {
  compacting_cluster cluster;
  CHECK_FALSE(cluster[1].receive_snapshot(cluster[2].disk())); // a leader needs none
  CHECK_FALSE(cluster[2].receive_snapshot(cluster[1].disk())); // nor who has it all
}

TEST_CASE("entries after the snapshot stay when the log agrees with it", "[raft][thesis 5]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].put_all(1, 10);
  cluster.settle();
  auto& lost = cluster[2];
  lost.crash({});
  lost.disk().compact(log_index{5}, 0);
  auto last = lost.disk().last_index();
  lost.disk().lose_state_machine();
  lost.start();
  CHECK(lost.status().state_is_lost);
  cluster.tick_until([&] { return !lost.status().state_is_lost; });
  CHECK(lost.disk().last_index() == last);
  CHECK(lost.status().last_applied == cluster[1].status().last_applied);
}

TEST_CASE("without its state machine a server votes, but does not campaign",
          "[raft][two stores 19]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].put_all(1, 10);
  cluster.settle();
  auto& lost = cluster[2];
  lost.crash({});
  lost.disk().compact(log_index{5}, 0);
  lost.disk().lose_state_machine();
  lost.start();
  for (int i = 0; i < 100; ++i)
    lost.tick();
  CHECK(lost.status().role == role_name::follower);
  CHECK_FALSE(lost.is_applying());
  cluster.cut_off(1);
  cluster.elect(3);
  CHECK(cluster[3].status().role == role_name::leader);
  cluster.tick_until([&] { return !lost.status().state_is_lost; });
  CHECK(lost.status().last_applied == cluster[3].status().last_applied);
}

TEST_CASE("the longest log leads without its state machine, to hand over",
          "[raft][two stores 19]") {
  core_cluster cluster({1, 2});
  cluster.elect(1);
  cluster[1].put_all(1, 10);
  cluster.settle();
  cluster.cut_off(2);
  auto& lost = cluster[1];
  lost.put(20, "a=1");
  lost.settle();
  lost.crash({});
  lost.disk().compact(log_index{5}, 0);
  lost.disk().lose_state_machine();
  lost.start();
  cluster.heal();
  cluster.tick_until([&] { return !lost.status().state_is_lost; });
  CHECK(cluster.leader() == &cluster[2]);
  CHECK(cluster[2].disk().applied().back().id.index >= log_index{12});
  cluster.tick_until([&] { return lost.status().last_applied == cluster[2].status().last_index; });
}

TEST_CASE("a lost state machine is replayed from a whole log", "[raft][two stores 19]") {
  core_server server(1, voters({1}));
  server.start();
  server.settle();
  server.put(1, "a=1");
  server.settle();
  server.crash({});
  server.disk().lose_state_machine();
  server.start();
  server.settle();
  CHECK(server.status().last_applied >= log_index{3});
}

TEST_CASE("the log is kept for a snapshot on its way, for a while", "[raft][two stores 14]") {
  compacting_cluster cluster;
  cluster.wanted();
  auto first = cluster[1].status().first_index;
  cluster[1].put_all(100, 140);
  cluster.settle();
  cluster[1].checkpoint(cluster[1].status().last_applied.value);
  cluster[1].settle();
  CHECK(cluster[1].status().first_index == first);
  SECTION("until the peer follows") {
    cluster[3].receive_snapshot(cluster[1].disk());
    cluster[1].snapshot_sent(server_id{3}, cluster[1].disk().state_point().id);
    cluster.tick_until([&] { return cluster[1].status().first_index > first; });
    CHECK(cluster[1].peer(3).match_index == cluster[1].status().last_index);
  }
  SECTION("and not longer than its bound") {
    for (int i = 0; i < 200; ++i) {
      cluster[1].tick();
      if (i % 5 == 0)
        cluster.settle();
    }
    cluster.settle();
    CHECK(cluster[1].status().first_index > first);
  }
}

TEST_CASE("a proposal that a snapshot covers is unknown", "[raft][thesis 5]") {
  compacting_cluster cluster;
  auto& receiver = cluster[3];
  cluster.heal();
  receiver.put(500, "a=1"); // its leader is out of date, the answer gets lost
  receiver.outbox.clear();
  receiver.step(server_id{1},
                forward_proposal_reply{receiver.status().current_term, receiver.boot(), 1,
                                       proposal_placed{{log_index{10}, term{1}}}});
  REQUIRE(receiver.has_appended(500));
  cluster.tick_until([&] {
    return !receiver.status().is_installing && receiver.status().last_applied > log_index{20};
  });
  CHECK(receiver.is_unknown(500));
}
