// SPDX-License-Identifier: Apache-2.0
#include "raft/membership_change.hpp"
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

member named(std::uint64_t id, const char* life = "") {
  return {server_id{id}, *life == 0 ? incarnation{} : base::uuid_from_name(life), "", ""};
}

membership with_learner(membership members, std::uint64_t id) {
  members.learners.push_back(named(id));
  return members;
}

/// Three voters of which the first leads, and servers that wait to be let in.
class growing_cluster : public core_cluster {
public:
  growing_cluster() : core_cluster({1, 2, 3}) { elect(1); }

  core_server& newcomer(std::uint64_t id, const char* life = "") {
    auto config = config_of(id);
    config.incarnation = named(id, life).incarnation;
    return add(config, memory_disk(test_cluster));
  }
  void let_in(std::uint64_t id) {
    newcomer(id);
    (*this)[1].change(100 + id, add_learner{named(id)});
    settle();
  }
  membership_refused refused(membership_change what) {
    (*this)[1].change(900, std::move(what));
    const auto* why = std::get_if<membership_refused>(&(*this)[1].last_change());
    REQUIRE(why != nullptr);
    return *why;
  }
};

} // namespace

TEST_CASE("a change of voters goes through a joint configuration", "[raft][thesis 4.3]") {
  auto from = with_learner(voters({1, 2, 3}), 4);
  auto target = changed(from, promote_learner{server_id{4}});
  CHECK(target == voters({1, 2, 3, 4}));
  auto joint = first_step(from, target);
  CHECK(joint.voters == target.voters);
  CHECK(joint.outgoing_voters == from.voters);
  CHECK(settled(joint) == target);
  CHECK(changed(from, remove_member{server_id{2}}) == with_learner(voters({1, 3}), 4));
}

TEST_CASE("a change of learners is one step", "[raft][thesis 4.2.1]") {
  auto from = voters({1, 2, 3});
  auto target = changed(from, add_learner{named(4)});
  CHECK(first_step(from, target) == with_learner(from, 4));
}

TEST_CASE("a known number in another life leaves the voters and begins as a learner",
          "[raft][two stores 18]") {
  auto from = voters({1, 2, 3});
  from.voters[1] = named(2, "first");
  auto joint = first_step(from, changed(from, add_learner{named(2, "second")}));
  CHECK(joint.voters == voters({1, 3}).voters);
  CHECK(joint.learners.front() == named(2, "second"));
  CHECK(joint.outgoing_voters == from.voters);
  CHECK(*joint.find(server_id{2}) == named(2, "second"));
}

TEST_CASE("a new server joins as a learner, catches up and becomes a voter",
          "[raft][thesis 4.2.1]") {
  growing_cluster cluster;
  cluster[1].put_all(1, 20);
  cluster.settle();
  cluster.let_in(4);
  CHECK(cluster[1].has_committed(104));
  CHECK(cluster[4].status().role == role_name::learner);
  CHECK(cluster[4].disk().last_index() == cluster[1].disk().last_index());
  cluster[1].change(200, promote_learner{server_id{4}});
  CHECK(cluster[1].has_appended(200));
  CHECK_FALSE(cluster[1].has_committed(200));
  CHECK(cluster[1].status().membership.is_joint());
  cluster.settle();
  CHECK(cluster[1].has_committed(200));
  for (std::uint64_t id = 1; id <= 4; ++id)
    CHECK(cluster[id].status().membership == voters({1, 2, 3, 4}));
  CHECK(cluster[4].status().role == role_name::follower);
}

TEST_CASE("a sole voter grows a cluster", "[raft][thesis 4.2.1]") {
  core_cluster cluster({1});
  cluster.settle();
  cluster.add(config_of(2), memory_disk(test_cluster));
  cluster[1].change(1, add_learner{named(2)});
  cluster.settle();
  cluster[1].change(2, promote_learner{server_id{2}});
  cluster.settle();
  CHECK(cluster[2].status().membership == voters({1, 2}));
  SECTION("and alone it commits nothing any more") {
    cluster.cut_off(2);
    cluster[1].put(7, "a=1");
    cluster.settle();
    CHECK_FALSE(cluster[1].has_committed(7));
  }
  SECTION("and shrinks to one again, which goes on alone") {
    cluster[1].change(3, remove_member{server_id{2}});
    cluster.settle();
    cluster.cut_off(2);
    cluster[1].put(7, "a=1");
    cluster.settle();
    CHECK(cluster[1].has_committed(7));
  }
}

TEST_CASE("in a joint configuration both majorities decide", "[raft][thesis 4.3]") {
  growing_cluster cluster;
  for (auto id : {4, 5})
    cluster.let_in(static_cast<std::uint64_t>(id));
  cluster[1].change(1, promote_learner{server_id{4}});
  cluster.settle();
  cluster[1].change(2, promote_learner{server_id{5}});
  cluster.settle();
  REQUIRE(cluster[1].status().membership == voters({1, 2, 3, 4, 5}));
  // Removing 5: both sets contain a majority of 1 to 4 only with three of them.
  cluster.cut_off(2);
  cluster.cut_off(3);
  cluster[1].change(3, remove_member{server_id{5}});
  cluster.settle();
  CHECK_FALSE(cluster[1].has_committed(3));
  CHECK(cluster[1].status().membership.is_joint());
  cluster.heal();
  cluster.tick_until([&] { return cluster[1].has_committed(3); });
  CHECK(cluster[1].status().membership == voters({1, 2, 3, 4}));
}

TEST_CASE("the new majority alone decides nothing while it is joint", "[raft][thesis 4.3]") {
  core_cluster cluster({1, 2});
  cluster.elect(1);
  cluster.add(config_of(3), memory_disk(test_cluster));
  cluster[1].change(1, add_learner{named(3)});
  cluster.settle();
  REQUIRE(cluster[1].has_committed(1));
  cluster.cut_off(2);
  cluster[1].change(2, promote_learner{server_id{3}});
  cluster[1].put(7, "a=1");
  cluster[1].read(8);
  cluster.settle();
  REQUIRE(cluster[1].peer(3).match_index == cluster[1].status().last_index);
  CHECK(cluster[1].status().membership.is_joint());
  CHECK_FALSE(cluster[1].has_committed(7));
  CHECK_FALSE(cluster[1].confirmed_index(8));
  SECTION("nor elects anybody") {
    cluster.tick_until([&] { return cluster[1].status().role != role_name::leader; });
    cluster.tick_until([&, ticks = 0]() mutable { return ++ticks > 100; });
    CHECK(cluster.leader() == nullptr);
  }
  cluster.heal();
  cluster.tick_until([&] { return cluster[3].status().last_applied >= log_index{5}; });
}

TEST_CASE("one change at a time", "[raft][thesis 4.1][INV-24]") {
  growing_cluster cluster;
  cluster.newcomer(4);
  cluster[1].change(1, add_learner{named(4)}); // not joint, and not committed yet
  CHECK(cluster.refused(remove_member{server_id{2}}).why == membership_refusal::change_in_progress);
  cluster.settle();
  cluster[1].change(1, promote_learner{server_id{4}});
  CHECK(cluster.refused(remove_member{server_id{2}}).why == membership_refusal::change_in_progress);
  cluster.settle();
  cluster[1].change(2, remove_member{server_id{2}});
  CHECK(std::holds_alternative<accepted>(cluster[1].last_change()));
}

TEST_CASE("no change before the leader committed in its own term", "[raft][Ongaro 2015][INV-24]") {
  growing_cluster cluster;
  cluster.cut_off(1);
  cluster.elect(2);
  REQUIRE(cluster[2].status().role == role_name::leader);
  cluster.heal();
  // A new leader of a later term, whose no_op nobody holds yet.
  cluster.cut_off(2);
  core_server& third = cluster[3];
  for (int i = 0; i < 60 && third.status().role != role_name::leader; ++i) {
    third.tick();
    cluster[1].tick();
    third.settle();
    cluster[1].settle();
    bool is_vote = true;
    while (is_vote) {
      is_vote = false;
      for (auto* each : {&third, &cluster[1]})
        while (!each->outbox.empty() && third.status().role != role_name::leader) {
          cluster.deliver_from(*each);
          third.settle();
          cluster[1].settle();
          is_vote = true;
        }
    }
  }
  REQUIRE(third.status().role == role_name::leader);
  third.change(5, add_learner{named(9)});
  REQUIRE(std::holds_alternative<membership_refused>(third.last_change()));
  CHECK(std::get<membership_refused>(third.last_change()).why == membership_refusal::no_own_commit);
}

TEST_CASE("a change is refused with its reason", "[raft][thesis 4]") {
  growing_cluster cluster;
  cluster.let_in(4);
  using why = membership_refusal;
  CHECK(cluster.refused(add_learner{named(2)}).why == why::already_member);
  CHECK(cluster.refused(add_learner{named(4)}).why == why::already_member);
  CHECK(cluster.refused(remove_member{server_id{9}}).why == why::unknown_member);
  CHECK(cluster.refused(promote_learner{server_id{9}}).why == why::unknown_member);
  CHECK(cluster.refused(promote_learner{server_id{2}}).why == why::already_member);
  cluster[2].change(1, remove_member{server_id{3}});
  auto elsewhere = std::get<membership_refused>(cluster[2].last_change());
  CHECK(elsewhere.why == why::not_leader);
  CHECK(elsewhere.leader == server_id{1});
  SECTION("a learner that is behind") {
    cluster.cut_off(4);
    cluster[1].put_all(1, 150);
    cluster.settle();
    auto refusal = cluster.refused(promote_learner{server_id{4}});
    CHECK(refusal.why == why::learner_lags);
    CHECK(refusal.limit == 100);
    CHECK(refusal.actual == 149);
  }
  SECTION("a learner that does not answer") {
    cluster.cut_off(4);
    cluster.tick_until([&] { return !cluster[1].peer(4).is_reachable; });
    CHECK(cluster.refused(promote_learner{server_id{4}}).why == why::unreachable);
  }
  SECTION("a voter without which nobody could decide") {
    cluster.cut_off(3);
    cluster.tick_until([&] { return !cluster[1].peer(3).is_reachable; });
    auto refusal = cluster.refused(remove_member{server_id{2}});
    CHECK(refusal.why == why::quorum_would_be_lost);
    CHECK(refusal.limit == 2);
    CHECK(refusal.actual == 1);
    cluster[1].change(1, remove_member{server_id{3}});
    cluster.settle();
    CHECK(cluster[1].has_committed(1));
  }
}

TEST_CASE("a voter that fell silent a moment ago is not counted on", "[raft][thesis 4]") {
  growing_cluster cluster;
  SECTION("its link was lost") {
    cluster[1].peer_lost(3);
  }
  SECTION("it answered none of the last heartbeats") {
    cluster.cut_off(3);
    cluster.tick_until([ticks = 0]() mutable { return ++ticks > 4; });
    CHECK(cluster[1].peer(3).is_reachable);
  }
  CHECK(cluster.refused(remove_member{server_id{2}}).why
        == membership_refusal::quorum_would_be_lost);
  cluster.heal();
  cluster.tick_until([ticks = 0]() mutable { return ++ticks > 2; });
  cluster[1].change(1, remove_member{server_id{2}});
  CHECK(std::holds_alternative<accepted>(cluster[1].last_change()));
}

TEST_CASE("the last voter is not removed", "[raft]") {
  core_cluster cluster({1});
  cluster.settle();
  cluster[1].change(1, remove_member{server_id{1}});
  auto refusal = std::get<membership_refused>(cluster[1].last_change());
  CHECK(refusal.why == membership_refusal::quorum_would_be_lost);
}

TEST_CASE("a leader that removes itself leads until that is committed", "[raft][thesis 4.2.2]") {
  growing_cluster cluster;
  cluster[1].change(1, remove_member{server_id{1}});
  CHECK(cluster[1].status().role == role_name::leader);
  cluster.settle();
  CHECK(cluster[1].has_committed(1));
  CHECK(cluster[1].status().role == role_name::learner);
  auto* next = cluster.leader();
  REQUIRE(next != nullptr); // told to campaign at once
  CHECK(next->status().membership == voters({2, 3}));
}

// The only one whose log was long enough to be elected took itself for a learner.
TEST_CASE("a leader that removed itself starts elections until that is committed",
          "[raft][thesis 4.2.2]") {
  core_cluster cluster({1, 2});
  cluster.elect(1);
  cluster[1].change(1, remove_member{server_id{1}});
  // The joint configuration gets committed, the final one reaches the leader's disk alone.
  while (cluster[1].status().membership.is_joint()) {
    cluster[1].settle();
    if (!cluster[1].outbox.empty())
      cluster.deliver_from(cluster[1]);
    cluster[2].settle();
    if (!cluster[2].outbox.empty())
      cluster.deliver_from(cluster[2]);
  }
  cluster[1].settle();
  cluster[1].outbox.clear();
  cluster[1].crash({});
  cluster[1].start();
  CHECK(cluster[1].status().role == role_name::follower);
  cluster[2].crash({});
  cluster[2].start();
  cluster.tick_until([&] { return cluster[2].status().membership == voters({2}); });
  cluster.tick_until([&] { return cluster[2].status().role == role_name::leader; });
}

TEST_CASE("a removed server learns that it is out", "[raft][thesis 4.2.3]") {
  growing_cluster cluster;
  cluster[1].change(1, remove_member{server_id{3}});
  while (cluster[1].status().membership.is_joint()) {
    cluster[1].settle();
    for (std::uint64_t id : {1, 2, 3})
      if (!cluster[id].outbox.empty())
        cluster.deliver_from(cluster[id]);
    cluster[2].settle();
    cluster[3].settle();
  }
  REQUIRE_FALSE(cluster[1].has_committed(1));
  CHECK(cluster[1].status().departing == voters({3}).voters); // nobody is shut out yet
  cluster.settle();
  CHECK(cluster[1].has_committed(1));
  CHECK(cluster[1].status().departing.empty());
  CHECK(cluster[3].status().membership == voters({1, 2}));
  CHECK(cluster[3].status().commit_index == cluster[1].status().commit_index);
  CHECK(cluster[3].status().role == role_name::learner);
}

TEST_CASE("a learner that is removed learns it, too", "[raft][thesis 4.2.1]") {
  growing_cluster cluster;
  cluster.let_in(4);
  cluster[1].change(1, remove_member{server_id{4}});
  cluster.settle();
  CHECK(cluster[1].has_committed(1));
  CHECK(cluster[4].status().membership == voters({1, 2, 3}));
  CHECK(cluster[4].status().commit_index == cluster[1].status().commit_index);
}

TEST_CASE("who is told that it is out does not campaign", "[raft][thesis 4.2.3]") {
  growing_cluster cluster;
  cluster.cut_off(3);
  cluster[3].cast_out(true);
  cluster.tick_until([ticks = 0]() mutable { return ++ticks > 100; });
  CHECK(cluster[3].status().role == role_name::follower);
  cluster[3].cast_out(false);
  cluster.tick_until([&] { return cluster[3].status().role == role_name::pre_candidate; });
}

TEST_CASE("a removed server disturbs nobody", "[raft][thesis 4.2.3]") {
  growing_cluster cluster;
  cluster.cut_off(3);
  cluster[1].change(1, remove_member{server_id{3}});
  cluster.settle();
  REQUIRE(cluster[1].has_committed(1));
  cluster.heal();
  auto term_before = cluster[1].status().current_term;
  int ticks = 0;
  cluster.tick_until([&] { return ++ticks > 100; });
  CHECK(cluster[1].status().current_term == term_before);
  CHECK(cluster[1].status().role == role_name::leader);
}

TEST_CASE("a change that another leader replaced is rolled back", "[raft][thesis 4.1]") {
  growing_cluster cluster;
  cluster.let_in(4);
  cluster.cut_off(1);
  cluster[1].change(1, promote_learner{server_id{4}});
  cluster[1].settle();
  REQUIRE(cluster[1].status().membership.is_joint());
  bool restarts = GENERATE(false, true);
  if (restarts) {
    cluster[1].crash({});
    cluster[1].start();
    REQUIRE(cluster[1].status().membership.is_joint());
  }
  cluster.elect(2);
  cluster[2].put(7, "a=1");
  cluster.settle();
  cluster.heal();
  cluster.tick_until(
      [&] { return cluster[1].status().last_applied == cluster[2].status().last_applied; });
  CHECK(cluster[1].status().membership == with_learner(voters({1, 2, 3}), 4));
  if (!restarts)
    CHECK(cluster[1].is_unknown(1));
}

TEST_CASE("a change is rolled back right after the one before it was compacted",
          "[raft][thesis 4.1][thesis 5.1]") {
  growing_cluster cluster;
  cluster.let_in(4);
  cluster.cut_off(1);
  auto committed = cluster[1].status().commit_index;
  cluster[1].change(1, promote_learner{server_id{4}});
  cluster[1].settle();
  cluster[1].disk().compact(committed, 0); // as a compaction that ended just before the crash
  cluster[1].crash({});
  cluster[1].start();
  REQUIRE(cluster[1].status().membership.is_joint());
  REQUIRE(cluster[1].status().first_index == committed.next());
  cluster.elect(2);
  cluster.heal();
  cluster.tick_until(
      [&] { return cluster[1].status().last_applied == cluster[2].status().last_applied; });
  CHECK(cluster[1].status().membership == with_learner(voters({1, 2, 3}), 4));
}

TEST_CASE("the next leader ends a joint configuration", "[raft][thesis 4.3]") {
  growing_cluster cluster;
  cluster.let_in(4);
  cluster[1].change(1, promote_learner{server_id{4}});
  // The joint entry is everywhere; its leader is gone before it is committed.
  cluster[1].settle();
  auto leaving = cluster[1].outbox.size();
  for (std::size_t i = 0; i < leaving; ++i)
    cluster.deliver_from(cluster[1]);
  cluster.cut_off(1);
  for (std::uint64_t id : {2, 3, 4}) {
    cluster[id].settle();
    REQUIRE(cluster[id].status().membership.is_joint());
  }
  cluster.elect(2);
  cluster.settle();
  CHECK(cluster[2].status().membership == voters({1, 2, 3, 4}));
  CHECK(cluster[2].status().commit_index == cluster[2].status().last_index);
}
