// SPDX-License-Identifier: Apache-2.0
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

core_config life_of(std::uint64_t id, const std::string& name) {
  auto config = config_of(id);
  config.incarnation = base::uuid_from_name(name + std::to_string(id));
  return config;
}

/// Three founders in their first life; the first leads and has written the lives down.
class living_cluster : public core_cluster {
public:
  living_cluster() : core_cluster({}) {
    for (std::uint64_t id : {1, 2, 3})
      add(life_of(id, "first"), memory_disk(test_cluster, voters({1, 2, 3})));
    elect(1);
    tick_until([&] { return !(*this)[1].status().membership.voters[2].incarnation.is_nil(); });
    settle();
  }
  /// The directory of a server is lost; it waits to be let in again.
  core_server& wipe(std::uint64_t id) {
    return add(life_of(id, "second"), memory_disk(test_cluster));
  }
};

} // namespace

TEST_CASE("the lives of founders are written down once they are known", "[raft][two stores 18]") {
  living_cluster cluster;
  for (std::uint64_t id : {1, 2, 3}) {
    const auto& members = cluster[id].status().membership;
    REQUIRE(members.voters.size() == 3);
    for (const auto& each : members.voters)
      CHECK(each.incarnation == life_of(each.id.value, "first").incarnation);
  }
}

TEST_CASE("founders that have met write the same first entry", "[raft][two stores 18][INV-126]") {
  core_cluster cluster({});
  auto founders = voters({1, 2, 3});
  for (auto& each : founders.voters) {
    each.incarnation = life_of(each.id.value, "first").incarnation;
    cluster.add(life_of(each.id.value, "first"), memory_disk(test_cluster));
  }
  cluster.tick_until([ticks = 0]() mutable { return ++ticks > 100; });
  CHECK(cluster.leader() == nullptr); // nobody founds anything alone
  auto founding = GENERATE(2, 3);     // the third may get it from those that have
  for (int id = 1; id <= founding; ++id)
    cluster[static_cast<std::uint64_t>(id)].found(founders);
  cluster.settle();
  CHECK(cluster[1].status().commit_index == log_index{1});
  cluster.elect(1);
  cluster[1].put(7, "a=1");
  cluster.tick_until(
      [&] { return cluster[3].status().last_applied == cluster[1].status().last_index; });
  cluster[3].found(founders); // too late to mean anything
  CHECK(cluster[3].status().membership == founders);

  cluster.cut_off(1);
  for (std::uint64_t id : {2, 3})
    cluster.add(life_of(id, "second"), memory_disk(test_cluster));
  cluster.tick_until([ticks = 0]() mutable { return ++ticks > 100; });
  CHECK(cluster[2].status().role == role_name::learner); // wiped, two of them elect nobody
  CHECK(cluster[3].status().role == role_name::learner);
}

TEST_CASE("a wiped server's votes and acknowledgements count for nothing",
          "[raft][two stores 18]") {
  living_cluster cluster;
  auto& wiped = cluster.wipe(3);
  cluster.cut_off(2);
  cluster[1].put(7, "a=1");
  cluster.settle();
  CHECK_FALSE(cluster[1].has_committed(7));
  cluster.tick_until([&] { return cluster[1].status().role != role_name::leader; });
  int ticks = 0;
  cluster.tick_until([&] { return ++ticks > 100; });
  CHECK(cluster.leader() == nullptr); // nor does it help to elect
  CHECK(wiped.status().role == role_name::learner);
}

// A founder that was away knows no lives: it counted the vote of an empty directory, led with
// a short log, and what a majority had acknowledged was gone.
TEST_CASE("a later life gives no vote to who does not know it", "[raft][two stores 18][INV-26]") {
  living_cluster cluster;
  auto& wiped = cluster.wipe(3);
  request_vote asks{term{50}, {log_index{2}, term{1}}, false, true};
  auto is_granted = [&] {
    wiped.settle();
    wiped.outbox.clear();
    wiped.step(server_id{2}, asks);
    wiped.settle();
    REQUIRE(wiped.outbox.size() == 1);
    return std::get<request_vote_reply>(wiped.outbox.front().body).is_granted;
  };
  CHECK_FALSE(is_granted());
  asks.voter = life_of(3, "first").incarnation;
  CHECK_FALSE(is_granted());
  asks.voter = wiped.life().incarnation;
  CHECK(is_granted());
}

TEST_CASE("a wiped server comes back as a learner in one joint change", "[raft][two stores 18]") {
  living_cluster cluster;
  cluster[1].put_all(1, 10);
  cluster.settle();
  auto& wiped = cluster.wipe(3);
  member who{server_id{3}, life_of(3, "second").incarnation, "", ""};
  cluster[1].change(50, add_learner{who});
  REQUIRE(std::holds_alternative<accepted>(cluster[1].last_change()));
  CHECK(cluster[1].status().membership.is_joint());
  cluster.settle();
  REQUIRE(cluster[1].has_committed(50));
  CHECK(cluster[1].status().membership.voters.size() == 2);
  CHECK(cluster[1].status().membership.learners == std::vector<member>{who});
  CHECK(wiped.status().role == role_name::learner);
  CHECK(wiped.disk().last_index() == cluster[1].disk().last_index());
  cluster[1].change(51, promote_learner{server_id{3}});
  cluster.settle();
  CHECK(cluster[1].has_committed(51));
  CHECK(wiped.status().role == role_name::follower);
}

TEST_CASE("what an earlier life said does not count for the next", "[raft][two stores 18]") {
  living_cluster cluster;
  cluster[1].put(1, "a=1");
  cluster.settle();
  cluster.wipe(3);
  member who{server_id{3}, life_of(3, "second").incarnation, "", ""};
  cluster[1].change(50, add_learner{who});
  append_entries_reply late{cluster[1].status().current_term,
                            append_accepted{cluster[1].status().last_index}, 0, false, 0};
  cluster[1].step(server_life{server_id{3}, life_of(3, "first").incarnation}, late);
  CHECK(cluster[1].peer(3).match_index == log_index{0});
}

TEST_CASE("a server whose disk went back is fenced", "[raft][two stores 18]") {
  living_cluster cluster;
  auto earlier = cluster[3].disk();
  cluster[1].put_all(1, 10);
  cluster.settle();
  cluster[3].crash({});
  cluster[3].disk().roll_back(earlier);
  cluster[3].start();
  cluster.tick_until([&] { return cluster[1].has_event(event::kind::peer_rolled_back); });
  CHECK(cluster[1].peer(3).mode == progress::mode::fenced);
  SECTION("and nothing is committed by it") {
    cluster.cut_off(2);
    cluster[1].put(70, "a=1");
    cluster.settle();
    CHECK_FALSE(cluster[1].has_committed(70));
  }
}

TEST_CASE("a late refusal fences nobody", "[raft][two stores 18]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].put_all(1, 10);
  cluster.settle();
  append_conflict late{log_index{4}, {log_index{2}, term{1}}, log_index{2}};
  cluster[1].step(server_id{2}, append_entries_reply{term{1}, late, 0, false, 1});
  CHECK(cluster[1].peer(2).mode == progress::mode::replicate);
}
