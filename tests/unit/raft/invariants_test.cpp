// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "raft/invariants.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_server.hpp"

using namespace raft;
using raft_test::core_server;
using raft_test::memory_disk;
using raft_test::voters;

namespace {

memory_disk founded() {
  return memory_disk(raft_test::test_cluster, voters({1}));
}

raft::core core_on(const memory_disk& disk) {
  return raft::core(raft_test::config_of(1), disk.recovered(), [](std::uint64_t) { return 0; });
}

} // namespace

// The checker must be able to fail: each of these shows it two states that cannot follow
// each other in one life.
TEST_CASE("a checker notices what went back", "[raft]") {
  invariant_checker checker;
  core_server server(1, voters({1}));
  server.start();
  server.settle();
  server.put(1, "a=1");
  server.settle();
  checker.check_step(server.protocol());
  SECTION("the term, INV-01") {
    auto earlier = core_on(founded());
    earlier.take_ready();
    CHECK_THROWS_WITH(checker.check_step(earlier), matchers::StartsWith("INV-01"));
  }
  SECTION("the commit index, INV-03") {
    auto disk = founded();
    disk.persist({{}, std::nullopt, {term{8}, server_id{1}, log_index{1}}});
    auto earlier = core_on(disk);
    CHECK_THROWS_WITH(checker.check_step(earlier), matchers::StartsWith("INV-03"));
  }
}

TEST_CASE("a checker notices a changed vote", "[raft][INV-02]") {
  invariant_checker checker;
  auto with_vote = [](std::uint64_t vote) {
    auto disk = memory_disk(raft_test::test_cluster, voters({1, 2, 3}));
    disk.persist({{}, std::nullopt, {term{4}, server_id{vote}, log_index{1}}});
    return core_on(disk);
  };
  checker.check_step(with_vote(2));
  CHECK_THROWS_WITH(checker.check_step(with_vote(3)), matchers::StartsWith("INV-02"));
}

TEST_CASE("a checker notices a changed committed entry", "[raft][INV-11]") {
  invariant_checker checker;
  checker.check_step(core_on(memory_disk(raft_test::test_cluster, voters({1, 2}))));
  CHECK_THROWS_WITH(
      checker.check_step(core_on(memory_disk(raft_test::test_cluster, voters({1, 3})))),
      matchers::StartsWith("INV-11"));
}

TEST_CASE("a sound core passes", "[raft]") {
  auto core = core_on(founded());
  CHECK_NOTHROW(check_all(core));
}
