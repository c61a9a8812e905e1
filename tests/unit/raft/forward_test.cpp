// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_cluster.hpp"

using namespace raft;
using raft_test::core_cluster;
using raft_test::core_server;

namespace {

/// The messages of one kind that wait to leave; they are taken away with all others.
template <class Message>
std::vector<Message> taken_from(core_server& server) {
  std::vector<Message> taken;
  for (auto& each : server.outbox)
    if (auto* found = std::get_if<Message>(&each.body))
      taken.push_back(*found);
  server.outbox.clear();
  return taken;
}

/// Three servers of which the first leads.
class led_cluster : public core_cluster {
public:
  led_cluster() : core_cluster({1, 2, 3}) { elect(1); }

  /// What server 2 asked of its leader, not delivered yet.
  template <class Message>
  Message asked() {
    auto found = taken_from<Message>((*this)[2]);
    REQUIRE(found.size() == 1);
    return found.front();
  }
};

} // namespace

TEST_CASE("a follower's proposal ends like the leader's own", "[raft][thesis 6.2]") {
  led_cluster cluster;
  cluster[2].put(7, "a=1");
  CHECK(std::holds_alternative<accepted>(cluster[2].last_outcome()));
  CHECK(cluster[2].status().proposals_in_flight == 1);
  cluster.settle();
  CHECK(cluster[2].has_appended(7));
  CHECK(cluster[2].has_committed(7));
  CHECK(cluster[2].status().proposals_in_flight == 0);
  CHECK(cluster[1].proposals.empty());
  CHECK(cluster[3].disk().applied().back().payload.bytes() == "a=1");
}

TEST_CASE("a proposal is taken once, however often it arrives", "[raft][thesis 6.2]") {
  led_cluster cluster;
  cluster[2].put(7, "a=1");
  auto sent = cluster.asked<forward_proposal>();
  for (int i = 0; i < 3; ++i)
    cluster[1].step(server_id{2}, sent);
  cluster.settle();
  CHECK(cluster[1].disk().last_index() == log_index{3});
  SECTION("not even by a leader that led before") {
    cluster.elect(3);
    cluster.elect(1);
    auto last = cluster[1].disk().last_index();
    cluster[1].step(server_id{2}, sent);
    cluster.settle();
    CHECK(cluster[1].disk().last_index() == last);
  }
  SECTION("and a restarted leader does not deny what it may have taken") {
    cluster[1].crash({});
    cluster[1].start();
    cluster[1].step(server_id{2}, sent);
    CHECK(taken_from<forward_proposal_reply>(cluster[1]).empty());
  }
  SECTION("in a later term either") {
    cluster[1].crash({});
    cluster[1].start();
    cluster.elect(3);
    REQUIRE(cluster[1].status().current_term == term{2});
    cluster[1].step(server_id{2}, sent);
    CHECK(taken_from<forward_proposal_reply>(cluster[1]).empty());
  }
}

TEST_CASE("a forwarded proposal whose place another entry took was not done",
          "[raft][thesis 6.2]") {
  led_cluster cluster;
  cluster[2].put(7, "a=1");
  auto sent = cluster.asked<forward_proposal>();
  cluster[1].step(server_id{2}, sent);
  cluster.deliver_from(cluster[1]); // the reply alone
  while (!cluster[1].outbox.empty())
    cluster[1].outbox.pop_front();
  REQUIRE(cluster[2].has_appended(7));
  cluster.cut_off(1);
  cluster.elect(3);
  cluster.settle();
  CHECK(cluster[2].has_dropped(7));
  CHECK(cluster[2].status().proposals_in_flight == 0);
}

TEST_CASE("whoever does not lead refuses, which means not done", "[raft][thesis 6.2]") {
  led_cluster cluster;
  cluster[2].put(7, "a=1");
  auto sent = cluster.asked<forward_proposal>();
  SECTION("in the term it was meant for") {
    cluster[3].step(server_id{2}, sent);
    auto replies = taken_from<forward_proposal_reply>(cluster[3]);
    REQUIRE(replies.size() == 1);
    CHECK(std::get<not_leader>(replies[0].outcome).leader == server_id{1});
    cluster[2].step(server_id{3}, replies[0]);
    CHECK(cluster[2].has_refused(7));
  }
  SECTION("or in a later one") {
    cluster.cut_off(1);
    cluster.elect(3);
    cluster[3].step(server_id{2}, sent);
    auto replies = taken_from<forward_proposal_reply>(cluster[3]);
    REQUIRE(replies.size() == 1);
    CHECK(replies[0].term == term{2});
    CHECK(std::holds_alternative<not_leader>(replies[0].outcome));
  }
}

TEST_CASE("a leader's bounds are told to the follower's client", "[raft]") {
  led_cluster cluster;
  cluster[2].put(7, "a=1");
  auto sent = cluster.asked<forward_proposal>();
  cluster[2].step(server_id{1},
                  forward_proposal_reply{term{1}, sent.boot, sent.number, overloaded{4, 5}});
  REQUIRE(cluster[2].has_refused(7));
  CHECK(cluster[2].status().proposals_in_flight == 0);
}

// A refusal left with a term that a crash could have undone.
TEST_CASE("what a deposed leader says of queued proposals waits for its new term",
          "[raft][INV-19]") {
  led_cluster cluster;
  cluster[2].put(7, "a=1");
  auto sent = cluster.asked<forward_proposal>();
  cluster[1].put(1, "b=1"); // its persist holds up the queue
  cluster[1].step(server_id{2}, sent);
  cluster[1].outbox.clear();
  cluster[1].step(server_id{3}, append_entries_reply{term{5}, append_conflict{}, 0});
  CHECK(taken_from<forward_proposal_reply>(cluster[1]).empty());
  cluster[1].settle();
  auto replies = taken_from<forward_proposal_reply>(cluster[1]);
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].term == term{5});
  CHECK(std::holds_alternative<not_leader>(replies[0].outcome));
}

TEST_CASE("a lost proposal is unknown until it is forgotten", "[raft][thesis 6.2]") {
  led_cluster cluster;
  cluster[2].put(7, "a=1");
  cluster[2].outbox.clear();
  cluster.tick_until([&, ticks = 0]() mutable { return ++ticks > 100; });
  CHECK_FALSE(cluster[2].has_appended(7));
  CHECK(cluster[2].status().proposals_in_flight == 1);
  cluster[2].forget_proposal(7);
  CHECK(cluster[2].status().proposals_in_flight == 0);
  CHECK(cluster[1].disk().last_index() == log_index{2});
}

TEST_CASE("a proposal that nobody waits for any more is not taken", "[raft]") {
  led_cluster cluster;
  cluster[1].protocol().wall_clock(1'000'000);
  forward_proposal late{term{1}, base::uuid_from_name("boot"), 1, 900'000, {}, payload("a=1")};
  cluster[1].step(server_id{2}, late);
  cluster.settle();
  CHECK(cluster[1].disk().last_index() == log_index{2});
  SECTION("but clocks may differ") {
    late.number = 2;
    late.deadline_ms = 950'000;
    cluster[1].step(server_id{2}, late);
    cluster.settle();
    CHECK(cluster[1].disk().last_index() == log_index{3});
    CHECK(cluster[1].disk().entries().back().leader_time_ms == 1'000'000);
  }
}

TEST_CASE("a place that is known too late for its result is unknown", "[raft][thesis 6.2]") {
  led_cluster cluster;
  cluster[2].put(7, "a=1", true);
  auto sent = cluster.asked<forward_proposal>();
  cluster[1].step(server_id{2}, sent);
  auto reply = cluster[1].outbox.front();
  cluster[1].outbox.pop_front();
  cluster.settle();
  REQUIRE(cluster[2].disk().last_applied() == log_index{3});
  cluster[2].step(server_id{1}, reply.body);
  CHECK(cluster[2].is_unknown(7));
  CHECK_FALSE(cluster[2].has_committed(7));
}

TEST_CASE("without a leader nothing is forwarded or asked", "[raft]") {
  core_cluster cluster({1, 2, 3});
  cluster[2].put(7, "a=1");
  CHECK(std::holds_alternative<not_leader>(cluster[2].last_outcome()));
  cluster[2].read(8);
  CHECK(std::holds_alternative<not_leader>(cluster[2].last_outcome()));
}

TEST_CASE("a follower's read sees what was acknowledged before it", "[raft][thesis 6.4][INV-22]") {
  led_cluster cluster;
  cluster[1].put(1, "a=1");
  cluster.settle();
  cluster[2].read(7);
  CHECK_FALSE(cluster[2].confirmed_index(7));
  cluster.settle();
  CHECK(cluster[2].confirmed_index(7) == log_index{3});
  CHECK(cluster[2].status().reads_waiting == 0);
  CHECK(cluster[1].status().reads_waiting == 0);
}

TEST_CASE("a follower's reads share one question", "[raft][thesis 6.4]") {
  led_cluster cluster;
  cluster[2].read(7);
  cluster[2].read(8);
  cluster[2].read(9);
  CHECK(cluster.asked<raft::read_index>().round == 1);
  cluster[2].step(server_id{1}, read_index_reply{term{1}, cluster[2].boot(), 1, log_index{2}});
  CHECK(cluster[2].confirmed_index(7) == log_index{2});
  CHECK_FALSE(cluster[2].confirmed_index(8));
  CHECK(cluster.asked<raft::read_index>().round == 2);
  cluster[2].step(server_id{1}, read_index_reply{term{1}, cluster[2].boot(), 2, log_index{2}});
  CHECK(cluster[2].confirmed_index(8) == log_index{2});
  CHECK(cluster[2].confirmed_index(9) == log_index{2});
}

TEST_CASE("an answer counts for the round and the process that asked", "[raft][thesis 6.4]") {
  led_cluster cluster;
  cluster[2].read(7);
  auto asked = cluster.asked<raft::read_index>();
  cluster[2].step(server_id{1}, read_index_reply{term{1}, asked.boot, 0, log_index{2}});
  cluster[2].step(server_id{1},
                  read_index_reply{term{1}, base::uuid_from_name("earlier"), 1, log_index{2}});
  CHECK_FALSE(cluster[2].confirmed_index(7));
}

TEST_CASE("a read whose question or answer is lost is dropped", "[raft][thesis 6.4]") {
  led_cluster cluster;
  cluster[2].read(7);
  cluster[2].outbox.clear();
  SECTION("after a while") {
    cluster.tick_until([&] { return cluster[2].has_dropped_read(7); });
    CHECK(cluster[2].status().reads_waiting == 0);
  }
  SECTION("or at once when the leader changes") {
    cluster.elect(3);
    CHECK(cluster[2].has_dropped_read(7));
  }
}

TEST_CASE("a leader without a quorum confirms no follower's read", "[raft][thesis 6.4]") {
  led_cluster cluster;
  cluster[2].read(7);
  auto asked = cluster.asked<raft::read_index>();
  cluster[1].step(server_id{2}, asked);
  CHECK(taken_from<read_index_reply>(cluster[1]).empty());
  SECTION("and says so when it steps down") {
    for (int i = 0; i < 40; ++i)
      cluster[1].tick();
    auto replies = taken_from<read_index_reply>(cluster[1]);
    REQUIRE(replies.size() == 1);
    CHECK_FALSE(replies[0].index);
  }
}

TEST_CASE("strangers ask nothing of a leader", "[raft]") {
  led_cluster cluster;
  forward_proposal foreign{term{9}, base::uuid_from_name("boot"), 1, 0, {}, payload("a=1")};
  CHECK(cluster[1].step(server_id{7}, foreign).empty());
  CHECK(cluster[1].step(server_id{7}, raft::read_index{term{9}, foreign.boot, 1}).empty());
  CHECK(cluster[1].status().current_term == term{1});
}
