// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/cluster_fixture.hpp"

namespace actors {

namespace {

/// Three servers that begin without a log, as those of a new cluster do.
struct founding_fixture : cluster_fixture {
  founding_fixture() : cluster_fixture(0) {}

  void start_all() {
    for (std::uint64_t id = 1; id <= 3; ++id)
      found(id, 3);
  }

  bool is_empty(std::uint64_t id) { return (*this)[id].core().last_index == raft::log_index{}; }

  raft::log_index add(cluster_node& who) {
    auto answer = std::make_shared<slot<cluster_changed>>(nullptr);
    leader().door->change_cluster(
        {add_member{who.identity.server, address_of(who.identity.server.value)},
         reply_to<cluster_changed>(answer)});
    auto changed = told(answer);
    REQUIRE(changed);
    return changed->index;
  }
};

} // namespace

TEST_CASE_METHOD(founding_fixture, "founders that meet write one entry and elect a leader",
                 "[cluster][founding][INV-126]") {
  start_all();
  wait_for_leader();
  REQUIRE(told(leader().put("k", "v")));
  for (std::uint64_t id = 1; id <= 3; ++id) {
    CHECK(value_of((*this)[id].get("k")) == "v");
    CHECK((*this)[id].core().membership == leader().core().membership);
  }
}

TEST_CASE_METHOD(founding_fixture, "founders found nothing before they can reach each other",
                 "[cluster][founding][INV-126]") {
  network.isolate(raft::server_id{3});
  start_all();
  pass(std::chrono::seconds(5));
  for (std::uint64_t id = 1; id <= 3; ++id)
    CHECK(is_empty(id));
  network.heal();
  wait_for_leader();
}

// The others may be linked with it again while an operator adds it, before they bring it a log.
TEST_CASE_METHOD(founding_fixture,
                 "an emptied founder founds no second cluster with those that founded the first",
                 "[cluster][founding][INV-126]") {
  start_all();
  wait_for_leader();
  auto third = follower().identity.server.value;
  auto before = leader().core().membership;
  stop(third);
  auto& emptied = found(third, 3);
  pass(std::chrono::seconds(5));
  CHECK(is_empty(third));
  auto added = add(emptied);
  wait_until([&] { return emptied.core().last_applied >= added; }, "it has caught up");
  CHECK(emptied.core().membership == leader().core().membership);
  CHECK_FALSE(emptied.core().membership == before);
}

} // namespace actors
