// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "raft/read_queue.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_cluster.hpp"

using namespace raft;
using raft_test::core_cluster;
using raft_test::core_server;
using raft_test::voters;

TEST_CASE("a sole voter's read is confirmed at once when all is applied", "[raft][thesis 6.4]") {
  core_server server(1, voters({1}));
  server.start();
  server.settle();
  auto owed = server.read(10);
  CHECK(server.confirmed_index(10) == log_index{2});
  CHECK_FALSE(owed.persist);
}

TEST_CASE("a read waits for the leader's first own commit", "[raft][thesis 6.4]") {
  core_server server(1, voters({1}));
  server.start();
  server.persisted(); // leads; its no_op is on its way
  server.read(10);
  CHECK(std::holds_alternative<accepted>(server.last_outcome()));
  CHECK_FALSE(server.confirmed_index(10));
  server.settle();
  CHECK(server.confirmed_index(10) == log_index{2});
}

TEST_CASE("a read never sees less than what was committed when it came", "[raft][INV-22]") {
  core_server server(1, voters({1}));
  server.start();
  server.settle();
  server.put(1, "a=1");
  server.persisted();
  server.read(10);
  CHECK_FALSE(server.confirmed_index(10));
  server.applied();
  CHECK(server.confirmed_index(10) == log_index{3});
}

TEST_CASE("a read does not wait for what is proposed after it or not committed", "[raft]") {
  core_server server(1, voters({1}));
  server.start();
  server.settle();
  server.put(1, "a=1");
  server.read(10);
  CHECK(server.confirmed_index(10) == log_index{2});
}

TEST_CASE("reads that wait are bounded", "[raft]") {
  auto config = raft_test::config_of(1);
  config.reads_waiting_max = 2;
  core_server server(config, raft_test::memory_disk(raft_test::test_cluster, voters({1})));
  server.start();
  server.persisted();
  server.read(1);
  server.wait_applied(2, 100);
  SECTION("a read") {
    server.read(3);
  }
  SECTION("a wait") {
    server.wait_applied(3, 100);
  }
  CHECK(std::holds_alternative<overloaded>(server.last_outcome()));
  server.forget_read(2);
  server.read(3);
  CHECK(std::holds_alternative<accepted>(server.last_outcome()));
}

TEST_CASE("a read is refused where nobody leads", "[raft]") {
  core_server server(1, voters({1, 2, 3}));
  server.start();
  server.read(10);
  CHECK(std::holds_alternative<not_leader>(server.last_outcome()));
}

TEST_CASE("a number is used by one waiting read at a time", "[raft][INV-18]") {
  core_server server(1, voters({1}));
  server.start();
  server.persisted();
  server.read(10);
  CHECK_THROWS_AS(server.protocol().read_index(10), base::invariant_violation);
  CHECK_THROWS_AS(server.protocol().wait_applied(10, log_index{99}), base::invariant_violation);
}

TEST_CASE("an answer that nobody took yet is withdrawn", "[raft]") {
  core_server server(1, voters({1}));
  server.start();
  server.settle();
  server.protocol().read_index(10);
  server.protocol().forget_read(10);
  CHECK(server.protocol().take_ready().empty());
}

TEST_CASE("with several voters a read needs a round of its own", "[raft][thesis 6.4]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.tick_until([&] { return cluster[1].status().last_applied == log_index{2}; });
  auto owed = cluster[1].read(10);
  CHECK(owed.send_now.size() == 2);
  CHECK_FALSE(cluster[1].confirmed_index(10));
  cluster.settle();
  CHECK(cluster[1].confirmed_index(10) == log_index{2});
}

TEST_CASE("a round under way confirms nothing that came after it began", "[raft][thesis 6.4]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.tick_until([&] { return cluster[1].status().last_applied == log_index{2}; });
  cluster[1].read(10); // round 1
  cluster[1].read(11); // must wait for round 2
  cluster[1].step(server_id{2}, append_entries_reply{term{1}, append_accepted{log_index{2}}, 1});
  CHECK(cluster[1].confirmed_index(10));
  CHECK_FALSE(cluster[1].confirmed_index(11));
  cluster.settle();
  CHECK(cluster[1].confirmed_index(11));
}

TEST_CASE("a round that nobody began confirms nothing", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].step(server_id{2}, append_entries_reply{term{1}, append_accepted{log_index{2}}, 99});
  cluster[1].read(10);
  CHECK_FALSE(cluster[1].confirmed_index(10));
}

TEST_CASE("a leader that lost its quorum confirms no read", "[raft][thesis 6.4][INV-22]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.tick_until([&] { return cluster[1].status().last_applied == log_index{2}; });
  cluster.cut_off(1);
  cluster[1].read(10);
  cluster.tick_until([&] { return cluster[1].status().role != role_name::leader; });
  CHECK_FALSE(cluster[1].confirmed_index(10));
  CHECK(cluster[1].has_dropped_read(10));
}

TEST_CASE("a lost round is repeated by the next heartbeat", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.tick_until([&] { return cluster[1].status().last_applied == log_index{2}; });
  cluster[1].read(10);
  cluster[1].outbox.clear();
  cluster.tick_until([&] { return cluster[1].confirmed_index(10).has_value(); });
}

TEST_CASE("a wait for an applied index outlives leadership", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].wait_applied(10, 3);
  cluster[1].step(server_id{2}, append_entries_reply{term{7}, append_conflict{}, 0});
  CHECK(cluster[1].status().reads_waiting == 1);
  CHECK_FALSE(cluster[1].has_dropped_read(10));
}

TEST_CASE("a follower tells who waits when an index is applied there", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[2].wait_applied(10, 3);
  cluster[1].put(1, "a=1");
  cluster.settle();
  CHECK(cluster[2].confirmed_index(10) == log_index{3});
}

TEST_CASE("waiting reads are told in the order of their index", "[raft]") {
  read_queue queue;
  queue.add_for_apply(1, log_index{7});
  queue.add_for_apply(2, log_index{5});
  queue.add_for_apply(3, log_index{9});
  CHECK(queue.wants_apply(log_index{7}, log_index{9}));
  CHECK_FALSE(queue.wants_apply(log_index{7}, log_index{8}));
  auto told = queue.take_applied(log_index{7});
  REQUIRE(told.size() == 2);
  CHECK(told[0].request == 2);
  CHECK(told[1].request == 1);
  CHECK(queue.size() == 1);
}
