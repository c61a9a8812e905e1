// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_cluster.hpp"

using namespace raft;
using raft_test::config_of;
using raft_test::core_cluster;
using raft_test::core_server;
using raft_test::voters;

namespace {

class steady_cluster : public core_cluster {
public:
  steady_cluster() : core_cluster({1, 2, 3}) { elect(1); }
  transfer_refusal refused(std::uint64_t to) {
    (*this)[1].transfer(to);
    const auto* why = std::get_if<transfer_refused>(&(*this)[1].last_transfer());
    REQUIRE(why != nullptr);
    return why->why;
  }
};

} // namespace

TEST_CASE("leadership goes to who is told", "[raft][thesis 3.10]") {
  steady_cluster cluster;
  cluster[1].transfer(3);
  CHECK(cluster[1].status().transfer_to == server_id{3});
  cluster.settle();
  CHECK(cluster[3].status().role == role_name::leader);
  CHECK(cluster[1].status().role == role_name::follower);
  CHECK_FALSE(cluster[1].has_event(event::kind::transfer_abandoned));
}

TEST_CASE("without a name, to whoever holds most of the log", "[raft][thesis 3.10]") {
  steady_cluster cluster;
  cluster.cut_off(2);
  cluster[1].put(1, "a=1");
  cluster.settle();
  cluster.heal();
  cluster[1].transfer(0);
  CHECK(cluster[1].status().transfer_to == server_id{3});
  cluster.settle();
  CHECK(cluster[3].status().role == role_name::leader);
}

TEST_CASE("the target is told when it has everything, and nothing new is taken before",
          "[raft][thesis 3.10]") {
  steady_cluster cluster;
  cluster[1].put(1, "a=1");
  cluster[1].transfer(2);
  for (const auto& each : cluster[1].outbox)
    CHECK_FALSE(std::holds_alternative<timeout_now>(each.body));
  cluster[1].put(2, "b=1");
  CHECK(std::holds_alternative<not_leader>(cluster[1].last_outcome()));
  cluster.settle();
  CHECK(cluster[2].status().role == role_name::leader);
  CHECK(cluster[1].has_committed(1));
}

TEST_CASE("a transfer ends after an election timeout, and all goes on", "[raft][thesis 3.10]") {
  steady_cluster cluster;
  cluster.cut_off(3);
  cluster[1].put(1, "a=1");
  cluster[1].transfer(3);
  REQUIRE(std::holds_alternative<accepted>(cluster[1].last_transfer()));
  cluster.tick_until([&] { return cluster[1].has_event(event::kind::transfer_abandoned); });
  CHECK(cluster[1].status().role == role_name::leader);
  CHECK(cluster[1].status().transfer_to == server_id{});
  cluster[1].put(2, "b=1");
  cluster.settle();
  CHECK(cluster[1].has_committed(2));
}

TEST_CASE("a lost word to take over is said again", "[raft][thesis 3.10]") {
  steady_cluster cluster;
  cluster[1].transfer(2);
  cluster[1].outbox.clear();
  cluster.tick_until([&] { return cluster[2].status().role == role_name::leader; });
  CHECK_FALSE(cluster[1].has_event(event::kind::transfer_abandoned));
}

TEST_CASE("a transfer is refused with its reason", "[raft][thesis 3.10]") {
  steady_cluster cluster;
  CHECK(cluster.refused(1) == transfer_refusal::no_voter);
  CHECK(cluster.refused(9) == transfer_refusal::no_voter);
  cluster[2].transfer(3);
  CHECK(std::get<transfer_refused>(cluster[2].last_transfer()).leader == server_id{1});
  cluster.cut_off(2);
  cluster.tick_until([&] { return !cluster[1].peer(2).is_reachable; });
  CHECK(cluster.refused(2) == transfer_refusal::unreachable);
  cluster[1].transfer(3);
  CHECK(cluster.refused(3) == transfer_refusal::in_progress);
}

TEST_CASE("only the leader of the term is obeyed", "[raft][thesis 3.10]") {
  steady_cluster cluster;
  cluster[2].step(server_id{3}, timeout_now{term{1}});
  CHECK(cluster[2].status().role == role_name::follower);
  cluster[2].step(server_id{1}, timeout_now{term{0}});
  CHECK(cluster[2].status().role == role_name::follower);
}

TEST_CASE("a leader whose disk is full hands over", "[raft][sync failures and full disks]") {
  steady_cluster cluster;
  cluster[1].disk_full(true);
  CHECK(cluster[1].status().role == role_name::follower);
  CHECK(cluster[1].has_event(event::kind::disk_gave_up_lead));
  cluster.settle();
  auto* next = cluster.leader();
  REQUIRE(next != nullptr);
  CHECK(next->id() != server_id{1});
  SECTION("and does not campaign until there is room") {
    cluster.cut_off(next->id().value);
    auto other = server_id{5 - next->id().value};
    cluster.cut_off(other.value);
    for (int i = 0; i < 100; ++i)
      cluster[1].tick();
    CHECK(cluster[1].status().role == role_name::follower);
    cluster[1].disk_full(false);
    for (int i = 0; i < 30; ++i)
      cluster[1].tick();
    CHECK(cluster[1].status().role == role_name::pre_candidate);
  }
}

TEST_CASE("a sole voter with a full disk stays, and refuses proposals",
          "[raft][sync failures and full disks]") {
  core_server server(1, voters({1}));
  server.start();
  server.settle();
  server.disk_full(true);
  CHECK(server.status().role == role_name::leader);
  server.put(1, "a=1");
  CHECK(std::holds_alternative<storage_full>(server.last_outcome()));
  server.read(2);
  CHECK(server.confirmed_index(2));
  server.disk_full(false);
  server.put(3, "a=1");
  server.settle();
  CHECK(server.has_committed(3));
}

TEST_CASE("a leader whose disk stalls for an election timeout steps down",
          "[raft][reliability 30]") {
  steady_cluster cluster;
  cluster[1].put(1, "a=1"); // its persist does not end
  REQUIRE(cluster[1].is_persisting());
  auto tick_all = [&] {
    cluster[1].tick();
    while (!cluster[1].outbox.empty())
      cluster.deliver_from(cluster[1]);
    for (std::uint64_t id : {2, 3}) {
      cluster[id].tick();
      cluster[id].settle();
      while (!cluster[id].outbox.empty())
        cluster.deliver_from(cluster[id]);
    }
  };
  for (std::uint32_t i = 0; i < config_of(1).election_timeout_ticks_max; ++i)
    tick_all();
  CHECK(cluster[1].status().role == role_name::leader);
  for (int i = 0; i < 30; ++i)
    tick_all();
  CHECK(cluster[1].status().role != role_name::leader);
  CHECK(cluster[1].has_event(event::kind::disk_gave_up_lead));
  auto* next = cluster.leader();
  REQUIRE(next != nullptr);
  CHECK(next->has_event(event::kind::became_leader));
  // The entry was on a majority without the stalled disk.
  CHECK(next->disk().at(log_index{3}).payload.bytes() == "a=1");
}
