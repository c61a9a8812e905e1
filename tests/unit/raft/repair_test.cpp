// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_cluster.hpp"

using namespace raft;
using raft_test::core_cluster;
using raft_test::core_server;
using kind = event::kind;

namespace {

log_index at(std::uint64_t index) {
  return log_index{index};
}

/// Server 1 leads; everybody holds and has applied entries up to 13. Nothing applied stays in
/// memory unless `window` says so.
class damaged_cluster : public core_cluster {
public:
  explicit damaged_cluster(std::initializer_list<std::uint64_t> ids, std::size_t window = 0)
    : core_cluster({}) {
    for (auto id : ids) {
      auto config = raft_test::config_of(id);
      config.window_applied_entries_max = window;
      add(config, raft_test::memory_disk(config.cluster_id, raft_test::voters(ids)));
    }
    elect(1);
    (*this)[1].put_all(10, 21);
    tick_until([this] {
      for (auto& [id, each] : servers())
        if (each.status().last_applied < at(13))
          return false;
      return true;
    });
    for (int i = 0; i < 3; ++i) // the commit index is durable everywhere
      exchange();
  }
  void exchange() {
    for (auto& [id, each] : servers())
      if (each.is_running())
        each.tick();
    settle();
  }
  core_server& damage(std::uint64_t id, std::uint64_t first, std::uint64_t last) {
    auto& which = (*this)[id];
    if (which.is_running())
      which.crash();
    which.disk().damage(at(first), at(last));
    return which;
  }
  void heal_with_time() {
    tick_until([this] {
      for (auto& [id, each] : servers())
        if (each.is_running() && !each.disk().is_whole())
          return false;
      return true;
    });
    settle();
  }
};

} // namespace

TEST_CASE("a damaged entry comes from a peer, and its server takes part again",
          "[raft][two stores]") {
  auto window = GENERATE(std::size_t{0}, std::size_t{4096});
  damaged_cluster cluster({1, 2, 3}, window);
  auto& hurt = cluster.damage(3, 5, 5);
  hurt.start();
  CHECK(hurt.status().entries_damaged == 1);
  CHECK(hurt.status().first_damaged == at(5));
  cluster.heal_with_time();
  CHECK(hurt.status().entries_damaged == 0);
  cluster[1].put(99, "after");
  cluster.cut_off(2);
  cluster.exchange();
  cluster.exchange();
  CHECK(cluster[1].has_committed(99)); // with the vote of the one that was repaired
}

TEST_CASE("several runs of damaged entries are repaired one after the other", "[raft]") {
  damaged_cluster cluster({1, 2, 3});
  auto& hurt = cluster.damage(2, 3, 5);
  cluster.damage(2, 8, 8);
  cluster.damage(2, 13, 13);
  hurt.start();
  CHECK(hurt.status().entries_damaged == 5);
  cluster.heal_with_time();
  CHECK(hurt.disk().is_whole());
  CHECK(hurt.status().entries_damaged == 0);
}

TEST_CASE("whose log is damaged neither votes, campaigns, acknowledges nor serves",
          "[raft][INV-28]") {
  damaged_cluster cluster({1, 2, 3});
  auto& hurt = cluster.damage(3, 5, 5);
  hurt.start();
  auto later = hurt.status().current_term.next();
  hurt.step(server_id{2}, request_vote{later, {at(99), later}});
  hurt.step(server_id{1}, append_entries{later, {at(13), term{1}}, {}, {}, at(13)});
  CHECK(hurt.outbox.empty());
  CHECK(hurt.status().current_term < later);
  for (int i = 0; i < 100; ++i)
    hurt.tick();
  for (const auto& each : hurt.outbox)
    CHECK(std::holds_alternative<entry_request>(each.body));
  CHECK(hurt.outbox.size() > 10); // both are asked, again and again
  hurt.put(500, "x");
  CHECK(std::holds_alternative<not_leader>(hurt.last_outcome()));
  hurt.read(501);
  CHECK(std::holds_alternative<not_leader>(hurt.last_outcome()));
}

TEST_CASE("two damaged servers repair each other while the third is away", "[raft]") {
  damaged_cluster cluster({1, 2, 3});
  cluster[3].crash();
  cluster.damage(1, 4, 6);
  cluster.damage(2, 8, 9);
  cluster[1].start();
  cluster[2].start();
  cluster.heal_with_time();
  cluster.tick_until([&] { return cluster.leader() != nullptr; });
  cluster.leader()->put(99, "after");
  cluster.settle();
  CHECK(cluster.leader()->has_committed(99));
}

TEST_CASE("a server whose log is whole again first gives what it was reading for another",
          "[raft][INV-28]") {
  damaged_cluster cluster({1, 2, 3});
  auto& first = cluster.damage(1, 4, 4);
  auto right = cluster[3].disk().at(at(4));
  first.start();
  first.step(server_id{2}, entry_request{term{0}, at(8), at(9)});
  REQUIRE(first.is_reading());
  first.step(server_id{3}, entry_reply{term{1}, at(4), {right}});
  REQUIRE(first.is_repairing());
  first.repaired();
  CHECK_FALSE(first.is_log_whole); // the answer to the read would meet another core
  first.step(server_id{2}, entry_request{term{0}, at(10), at(11)});
  first.outbox.clear();
  first.log_read();
  REQUIRE(first.outbox.size() == 1);
  CHECK(std::get<entry_reply>(first.outbox.front().body).entries.size() == 2);
  CHECK(first.is_log_whole);
  CHECK_FALSE(first.is_reading());
}

TEST_CASE("what stands right behind damage is given to nobody before that is repaired",
          "[raft][INV-28]") {
  damaged_cluster cluster({1, 2, 3});
  auto& hurt = cluster.damage(1, 4, 4);
  hurt.start();
  auto given = [&](std::uint64_t first) {
    hurt.outbox.clear();
    hurt.step(server_id{2}, entry_request{term{0}, at(first), at(first)});
    while (hurt.is_reading())
      hurt.log_read();
    return std::get<entry_reply>(hurt.outbox.front().body).entries.size();
  };
  CHECK(given(3) == 1);
  CHECK(given(4) == 0);
  CHECK(given(5) == 0);
  CHECK(given(6) == 1);
}

TEST_CASE("two servers whose damage touches repair each other", "[raft]") {
  damaged_cluster cluster({1, 2, 3});
  cluster[3].crash();
  cluster.damage(1, 6, 6);
  cluster.damage(2, 7, 7);
  cluster[1].start();
  cluster[2].start();
  cluster.heal_with_time();
  CHECK(cluster[1].disk().is_whole());
  CHECK(cluster[2].disk().is_whole());
}

TEST_CASE("entries that do not follow from what stands before the damage are not taken",
          "[raft][INV-28]") {
  damaged_cluster cluster({1, 2, 3});
  auto right = cluster[1].disk().at(at(5));
  auto& hurt = cluster.damage(3, 5, 6);
  hurt.start();
  auto answer = [&](entry what, std::uint64_t first = 5) {
    hurt.step(server_id{1}, entry_reply{term{1}, at(first), {std::move(what)}});
    return hurt.is_repairing();
  };
  auto other = right;
  other.payload = payload("something else");
  CHECK_FALSE(answer(other)); // its chain is another payload's
  auto misplaced = right;
  misplaced.id.index = at(6);
  CHECK_FALSE(answer(misplaced));
  CHECK_FALSE(answer(cluster[1].disk().at(at(6)), 6)); // the first comes first
  hurt.step(server_id{9}, entry_reply{term{1}, at(5), {right}});
  CHECK_FALSE(hurt.is_repairing()); // from a stranger
  hurt.step(server_id{1}, entry_reply{term{1}, at(5), {}});
  CHECK_FALSE(hurt.is_repairing());
  CHECK(answer(right));
  hurt.repair_refused(); // what stands behind it contradicts them
  CHECK(hurt.status().entries_damaged == 2);
  CHECK(answer(right));
  hurt.repaired();
  CHECK(hurt.status().entries_damaged == 1);
  CHECK(hurt.status().first_damaged == at(6));
}

TEST_CASE("what no other member holds stays damaged, and is said to", "[raft][INV-28]") {
  damaged_cluster cluster({1, 2, 3});
  auto& hurt = cluster.damage(3, 5, 6);
  hurt.start();
  auto right = cluster[1].disk().at(at(5));
  hurt.step(server_id{1}, entry_reply{term{1}, at(5), {}});
  CHECK_FALSE(hurt.status().is_beyond_repair);
  hurt.step(server_id{2}, entry_reply{term{1}, at(4), {}}); // of another place
  CHECK_FALSE(hurt.status().is_beyond_repair);
  hurt.step(server_id{2}, entry_reply{term{1}, at(5), {}});
  CHECK(hurt.status().is_beyond_repair);
  for (int i = 0; i < 100; ++i)
    hurt.tick();
  CHECK_FALSE(hurt.outbox.empty()); // it goes on asking
  hurt.step(server_id{2}, entry_reply{term{1}, at(5), {right}});
  REQUIRE(hurt.is_repairing());
  hurt.repaired();
  CHECK_FALSE(hurt.status().is_beyond_repair);
  CHECK(hurt.status().entries_damaged == 1);
}

TEST_CASE("only what is committed and held is given to others", "[raft][INV-28]") {
  damaged_cluster cluster({1, 2, 3});
  auto ask = [&](std::uint64_t first, std::uint64_t last) {
    cluster[2].outbox.clear();
    cluster[2].step(server_id{3}, entry_request{term{0}, at(first), at(last)});
    cluster[2].settle();
    REQUIRE(cluster[2].outbox.size() == 1);
    return std::get<entry_reply>(cluster[2].outbox.front().body).entries.size();
  };
  CHECK(ask(5, 7) == 3);
  CHECK(ask(13, 13) == 1);
  CHECK(ask(13, 14) == 0); // nothing is there yet
  CHECK(ask(0, 3) == 0);
  CHECK(ask(7, 5) == 0);
  CHECK(ask(~std::uint64_t{0}, ~std::uint64_t{0}) == 0);
  cluster[2].entries_kept_by_store = 3;
  cluster[2].disk().compact(at(10), 3);
  cluster[2].crash();
  cluster[2].start();
  CHECK(ask(5, 7) == 0); // compacted
  CHECK(ask(11, 12) == 2);
  cluster[2].outbox.clear();
  cluster[2].step(server_id{9}, entry_request{term{0}, at(11), at(12)});
  cluster[2].settle();
  CHECK(cluster[2].outbox.empty()); // a stranger
}

TEST_CASE("a log that is damaged beyond what is committed is not opened", "[raft][INV-28]") {
  damaged_cluster cluster({1, 2, 3});
  auto& hurt = cluster.damage(3, 13, 14);
  CHECK_THROWS_AS(hurt.start(), base::invariant_violation);
}
