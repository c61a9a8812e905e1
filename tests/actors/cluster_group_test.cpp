// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/cluster_fixture.hpp"

namespace actors {

TEST_CASE_METHOD(cluster_fixture, "three founders elect one leader, whom all know", "[cluster]") {
  wait_for_leader();
  int leaders = 0;
  for (std::uint64_t id = 1; id <= 3; ++id)
    leaders += (*this)[id].leads() ? 1 : 0;
  CHECK(leaders == 1);
}

TEST_CASE_METHOD(cluster_fixture, "a put at the leader is on every node", "[cluster]") {
  wait_for_leader();
  auto done = told(leader().put("k", "v"));
  REQUIRE(done);
  for (std::uint64_t id = 1; id <= 3; ++id)
    CHECK(value_of((*this)[id].get("k", consistency::stale, done->revision.value)) == "v");
}

TEST_CASE_METHOD(cluster_fixture, "without a quorum nothing is acknowledged and no read confirmed",
                 "[cluster]") {
  wait_for_leader();
  auto& alone = leader();
  network.isolate(alone.identity.server);
  auto lost = alone.put("k", "v");
  auto read = alone.get("k");
  pass(std::chrono::seconds(5));
  CHECK_FALSE(lost->is_filled());
  CHECK(value_of(read) == "(no_leader)");
  CHECK_FALSE(alone.leads());
  CHECK(alone.put("k2", "v")->is_filled() == false);
}

TEST_CASE_METHOD(cluster_fixture,
                 "a write of a leader that was cut off is not done when another "
                 "took its place in the log",
                 "[cluster]") {
  wait_for_leader();
  auto& old = leader();
  network.isolate(old.identity.server);
  auto lost = old.put("k", "old");
  wait_until([&] { return leader().identity.server != old.identity.server; }, "another leader");
  REQUIRE(told(leader().put("k", "new")));
  network.heal();
  auto what = told(lost);
  REQUIRE_FALSE(what);
  CHECK(what.error().committed == commit_status::no);
  wait_for_leader();
  CHECK(value_of(leader().get("k")) == "new");
}

TEST_CASE_METHOD(cluster_fixture, "a node that was stopped is told from one that is slow",
                 "[cluster]") {
  wait_for_leader();
  auto gone = follower().identity.server;
  stop(gone.value);
  pass(std::chrono::seconds(2));
  bool is_named = false;
  for (const auto& link : leader().peers().links)
    if (link.id == gone)
      is_named = !link.is_connected && !link.trouble.empty();
  CHECK(is_named);
  REQUIRE(told(leader().put("k", "v")));
}

namespace {

struct leased_cluster : cluster_fixture {
  leased_cluster() : cluster_fixture(3, true) {}
};

} // namespace

TEST_CASE_METHOD(leased_cluster, "a leader that was frozen has no lease when it wakes",
                 "[cluster][INV-89]") {
  wait_for_leader();
  auto& old = leader();
  REQUIRE(told(old.put("k", "v")));
  pass(std::chrono::milliseconds(500));
  network.isolate(old.identity.server);
  auto read = old.get("k");
  settle();
  CHECK(read->is_filled()); // nobody has to be asked

  *old.frozen_for = std::chrono::minutes(1);
  read = old.get("k");
  settle();
  CHECK_FALSE(read->is_filled());
}

} // namespace actors
