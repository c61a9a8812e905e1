// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_cluster.hpp"

using namespace raft;
using raft_test::core_cluster;
using raft_test::core_server;
using kind = event::kind;

namespace {

/// Server 1 leads, and everybody has applied up to index 9.
class applied_cluster : public core_cluster {
public:
  applied_cluster(std::initializer_list<std::uint64_t> ids) : core_cluster(ids) {
    elect(1);
    (*this)[1].put_all(10, 17);
    tick_until([this] { return is_applied(); });
  }
  /// Heartbeats and their answers go around.
  void exchange(int times = 3) {
    for (int i = 0; i < times; ++i) {
      for (auto& [id, each] : servers())
        if (each.is_running())
          each.tick();
      settle();
    }
  }

private:
  bool is_applied() {
    for (auto& [id, each] : servers())
      if (each.status().last_applied < log_index{9})
        return false;
    return true;
  }
};

} // namespace

TEST_CASE("replicas with one digest agree on it", "[raft][two stores 28]") {
  applied_cluster cluster{1, 2, 3};
  for (std::uint64_t id : {1, 2, 3})
    cluster[id].digest(8, 77);
  cluster.exchange();
  CHECK(cluster[1].status().digests_agreed == log_index{8});
  CHECK(cluster[1].status().digests_alarm == log_index{});
  for (std::uint64_t id : {1, 2, 3})
    CHECK_FALSE(cluster[id].outvoted);
}

TEST_CASE("a follower whose digest is not the majority's is outvoted", "[raft][two stores 28]") {
  applied_cluster cluster{1, 2, 3};
  cluster[3].digest(8, 78);
  cluster[1].digest(8, 77);
  cluster.exchange();
  CHECK_FALSE(cluster[3].outvoted); // one against one: nobody can tell
  cluster[2].digest(8, 77);
  cluster.exchange();
  REQUIRE(cluster[3].outvoted);
  CHECK(cluster[3].outvoted->own.lanes[0] == 78);
  CHECK(cluster[3].outvoted->majority.lanes[0] == 77);
  CHECK(cluster[3].outvoted->majority.index == log_index{8});
  CHECK(cluster[1].has_event(kind::peer_outvoted));
  CHECK_FALSE(cluster[1].outvoted);
  CHECK_FALSE(cluster[2].outvoted);
}

TEST_CASE("who is outvoted neither votes nor acknowledges nor serves nor campaigns",
          "[raft][two stores 28]") {
  applied_cluster cluster{1, 2, 3};
  cluster[3].digest(8, 78);
  cluster[1].digest(8, 77);
  cluster[2].digest(8, 77);
  cluster.exchange();
  auto& out = cluster[3];
  REQUIRE(out.outvoted);
  out.outbox.clear();
  for (int i = 0; i < 100; ++i)
    CHECK(out.tick().empty());
  auto later = out.status().current_term.next().next();
  out.step(server_id{2}, request_vote{later, {log_index{99}, later}});
  out.step(server_id{1}, append_entries{later, {log_index{9}, term{1}}, {}, {}, log_index{9}});
  CHECK(out.outbox.empty());
  CHECK(out.status().current_term < later);
  out.put(500, "x");
  CHECK(std::holds_alternative<not_leader>(out.last_outcome()));
  out.read(501);
  CHECK(std::holds_alternative<not_leader>(out.last_outcome()));
  out.wait_applied(502, 1);
  CHECK(std::holds_alternative<not_leader>(out.last_outcome()));
  // The other two go on.
  cluster[1].put(503, "y");
  cluster.settle();
  CHECK(cluster[1].has_committed(503));
}

TEST_CASE("a leader whose digest is not the majority's steps down at once",
          "[raft][two stores 28]") {
  applied_cluster cluster{1, 2, 3};
  cluster[1].digest(8, 76);
  cluster[2].digest(8, 77);
  cluster[3].digest(8, 77);
  cluster.exchange();
  REQUIRE(cluster[1].outvoted);
  CHECK(cluster[1].status().role == role_name::follower);
  cluster.tick_until([&] { return cluster.leader() && cluster.leader()->id() != server_id{1}; });
  cluster.exchange();
  CHECK(cluster.leader()->status().digests_agreed == log_index{8});
  cluster.leader()->put(600, "z");
  cluster.settle();
  CHECK(cluster.leader()->has_committed(600));
}

TEST_CASE("of two that differ nobody is out, and the leader raises an alarm",
          "[raft][two stores 28]") {
  applied_cluster cluster{1, 2};
  cluster[1].digest(8, 1);
  cluster[2].digest(8, 2);
  cluster.exchange();
  CHECK(cluster[1].has_event(kind::digests_differ));
  CHECK(cluster[1].status().digests_alarm == log_index{8});
  CHECK_FALSE(cluster[1].outvoted);
  CHECK_FALSE(cluster[2].outvoted);
  // An operator gave the second one another state: it tells of the index again.
  cluster[2].digest(8, 1);
  cluster.exchange();
  CHECK(cluster[1].status().digests_alarm == log_index{});
  CHECK(cluster[1].status().digests_agreed == log_index{8});
}

TEST_CASE("three different digests are an alarm only, raised once", "[raft][two stores 28]") {
  applied_cluster cluster{1, 2, 3};
  for (std::uint64_t id : {1, 2, 3})
    cluster[id].digest(8, id);
  cluster.exchange(10);
  for (std::uint64_t id : {1, 2, 3})
    CHECK_FALSE(cluster[id].outvoted);
  auto& said = cluster[1].events;
  CHECK(std::count_if(said.begin(), said.end(),
                      [](const auto& each) { return each.what == kind::digests_differ; })
        == 1);
}

TEST_CASE("an alarm waits for who may still decide, while it answers", "[raft][two stores 28]") {
  applied_cluster cluster{1, 2, 3};
  cluster[1].digest(8, 1);
  cluster[2].digest(8, 2);
  cluster.exchange(30);
  CHECK_FALSE(cluster[1].has_event(kind::digests_differ));
  cluster.cut_off(3);
  cluster.exchange(30);
  CHECK(cluster[1].has_event(kind::digests_differ));
  cluster.heal();
  cluster[3].digest(8, 2);
  cluster.tick_until([&] { return cluster[1].outvoted.has_value(); });
  CHECK_FALSE(cluster[2].outvoted);
}

TEST_CASE("digests of another version of the computation contradict nothing",
          "[raft][two stores 28]") {
  applied_cluster cluster{1, 2, 3};
  cluster[1].digest(8, 77, 1);
  cluster[2].digest(8, 77, 1);
  cluster[3].digest(8, 78, 2);
  cluster.exchange();
  CHECK_FALSE(cluster[3].outvoted);
  CHECK(cluster[1].status().digests_alarm == log_index{});
}

TEST_CASE("a digest outlives a restart and a change of leader before it was compared",
          "[raft][two stores 28]") {
  applied_cluster cluster{1, 2, 3};
  cluster.cut_off(3);
  cluster[1].digest(8, 77);
  cluster[2].digest(8, 77);
  cluster[3].digest(8, 78);
  cluster.exchange();
  cluster[3].crash();
  cluster[3].start();
  cluster[1].crash();
  cluster[1].start();
  cluster.heal();
  cluster.tick_until([&] { return cluster[3].outvoted.has_value(); });
  CHECK_FALSE(cluster[2].outvoted);
}

TEST_CASE("a lost word that somebody is outvoted is said again", "[raft][two stores 28]") {
  applied_cluster cluster{1, 2, 3};
  cluster[1].digest(8, 77);
  cluster[2].digest(8, 77);
  cluster.exchange();
  cluster[3].digest(8, 78);
  for (int i = 0; i < 5 && !cluster[1].has_event(kind::peer_outvoted); ++i) {
    cluster[1].tick();
    cluster.deliver_from(cluster[1]);
    cluster.deliver_from(cluster[1]);
    cluster[3].settle();
    while (!cluster[3].outbox.empty())
      cluster.deliver_from(cluster[3]);
    while (!cluster[2].outbox.empty())
      cluster.deliver_from(cluster[2]);
  }
  REQUIRE(cluster[1].has_event(kind::peer_outvoted));
  std::erase_if(cluster[1].outbox,
                [](const auto& each) { return std::holds_alternative<state_outvoted>(each.body); });
  CHECK_FALSE(cluster[3].outvoted);
  cluster.exchange();
  CHECK(cluster[3].outvoted);
}

TEST_CASE("only the leader is believed about the majority", "[raft][two stores 28]") {
  applied_cluster cluster{1, 2, 3};
  cluster[3].digest(8, 78);
  auto at = cluster[3].status().current_term;
  digest_point majority{log_index{8}, 1, {77, 0, 0, 0}};
  cluster[3].step(server_id{2}, state_outvoted{at, majority});
  CHECK_FALSE(cluster[3].outvoted);
  // Of an index it does not know, or of what it agrees with.
  cluster[3].step(server_id{1}, state_outvoted{at, {log_index{7}, 1, {77, 0, 0, 0}}});
  cluster[3].step(server_id{1}, state_outvoted{at, {log_index{8}, 1, {78, 0, 0, 0}}});
  CHECK_FALSE(cluster[3].outvoted);
  cluster[3].step(server_id{1}, state_outvoted{at, majority});
  CHECK(cluster[3].outvoted);
}

TEST_CASE("digests that are remembered are bounded, and a later state replaces what was said",
          "[raft][two stores 28]") {
  recent_digests known;
  for (std::uint64_t index = 1; index <= 100; ++index)
    known.add({log_index{index}, 1, {index, 0, 0, 0}});
  CHECK(known.at(log_index{100}) != nullptr);
  CHECK(known.at(log_index{100 - bounds::digest_points_max}) == nullptr);
  known.add({log_index{95}, 1, {7, 0, 0, 0}});
  CHECK(known.newest()->index == log_index{95});
  CHECK(known.at(log_index{95})->lanes[0] == 7);
}
