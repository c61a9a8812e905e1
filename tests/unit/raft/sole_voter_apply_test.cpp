// SPDX-License-Identifier: Apache-2.0
#include "raft/bounds.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_server.hpp"

using namespace raft;
using raft_test::core_server;
using raft_test::voters;

namespace {

class leading_alone : public core_server {
public:
  leading_alone() : core_server(1, voters({1})) {
    start();
    settle();
  }
  /// Puts and makes durable `count` entries of `bytes` payload in one batch.
  void commit(request_id first, std::uint64_t count, std::size_t bytes = 1) {
    for (std::uint64_t i = 0; i < count; ++i)
      put(first + i, std::string(bytes, 'x'));
    while (is_persisting())
      persisted();
  }
};

} // namespace

TEST_CASE("apply waits for the timer when nobody waits for it", "[raft][rule 6]") {
  leading_alone server;
  server.commit(1, 1);
  CHECK_FALSE(server.is_applying());
  CHECK(server.is_timer_running());
  server.timer_fired();
  CHECK(server.is_applying());
}

TEST_CASE("the apply timer is asked for once per wait", "[raft][rule 6]") {
  leading_alone server;
  server.commit(1, 1);
  CHECK(server.is_timer_running());
  server.commit(2, 1); // the fixture checks that no second timer starts
  server.timer_fired();
  CHECK_FALSE(server.is_timer_running());
  server.commit(3, 1);
  CHECK(server.is_timer_running());
}

TEST_CASE("apply starts at once when somebody waits", "[raft][rule 6]") {
  leading_alone server;
  server.commit(1, 1);
  SECTION("for a read index") {
    server.read(10);
  }
  SECTION("for an index of its own") {
    server.wait_applied(10, 3);
  }
  SECTION("for the result of a proposal") {
    server.put(10, "a=1", true);
    server.persisted();
  }
  CHECK(server.is_applying());
}

TEST_CASE("waiting for what is not committed yet starts nothing", "[raft][rule 6]") {
  leading_alone server;
  server.commit(1, 1);
  server.wait_applied(10, 1000);
  CHECK_FALSE(server.is_applying());
}

TEST_CASE("apply starts at once when the backlog is large", "[raft][rule 6]") {
  leading_alone server;
  SECTION("in entries") {
    server.commit(1, bounds::apply_backlog_entries - 1);
    CHECK_FALSE(server.is_applying());
    server.commit(5000, 1);
  }
  SECTION("in bytes") {
    server.commit(1, 1, bounds::apply_backlog_bytes - 1);
    CHECK_FALSE(server.is_applying());
    server.commit(2, 1);
  }
  CHECK(server.is_applying());
}

TEST_CASE("one apply carries everything that is durably committed", "[raft]") {
  leading_alone server;
  server.commit(1, 3);
  auto owed = server.read(10);
  REQUIRE(owed.apply);
  CHECK(owed.apply->entries.size() == 3);
}

TEST_CASE("an apply is bounded in entries and in bytes", "[raft]") {
  leading_alone server;
  server.put(1, "x");
  SECTION("entries") {
    server.commit(2, base::limits::apply_entries_max + 100);
    server.settle();
    CHECK(server.disk().last_applied() == server.disk().last_index());
  }
  SECTION("bytes") {
    for (request_id request = 2; request <= 20; ++request)
      server.put(request, std::string(base::limits::mebibyte, 'x'));
    while (server.is_persisting())
      server.persisted();
    auto owed = server.applied();
    REQUIRE(owed.apply);
    CHECK(owed.apply->entries.size() <= base::limits::apply_bytes_max / base::limits::mebibyte);
  }
}

TEST_CASE("what is committed during an apply is applied by the next", "[raft]") {
  leading_alone server;
  server.commit(1, 1);
  server.read(10);
  REQUIRE(server.is_applying());
  server.commit(2, 2);
  CHECK(server.read(11).apply == std::nullopt);
  auto owed = server.applied();
  REQUIRE(owed.apply);
  CHECK(owed.apply->entries.size() == 2);
}

TEST_CASE("a wait for an applied index is confirmed at once", "[raft]") {
  leading_alone server;
  server.wait_applied(10, 2);
  CHECK(server.confirmed_index(10) == log_index{2});
}

TEST_CASE("a wait for a future index is confirmed when it is applied", "[raft]") {
  leading_alone server;
  server.wait_applied(10, 3);
  CHECK_FALSE(server.confirmed_index(10));
  server.commit(1, 1);
  server.settle();
  CHECK(server.confirmed_index(10) == log_index{3});
}

TEST_CASE("who no longer waits gets no answer", "[raft]") {
  leading_alone server;
  server.wait_applied(10, 3);
  server.forget_read(10);
  server.commit(1, 1);
  server.settle();
  CHECK_FALSE(server.confirmed_index(10));
  CHECK(server.status().reads_waiting == 0);
}

TEST_CASE("the log is compacted up to a checkpoint when it is worth it", "[raft][rule 14]") {
  leading_alone server;
  server.commit(1, base::limits::log_entries_kept_min + 5);
  server.settle();
  auto last = server.status().last_applied.value;
  SECTION("few entries lie below it: nothing is done") {
    server.checkpoint(base::limits::log_entries_kept_min);
    CHECK_FALSE(server.is_compacting());
  }
  SECTION("enough do") {
    server.checkpoint(last);
    REQUIRE(server.is_compacting());
    server.compacted();
    CHECK(server.status().first_index == log_index{8});
    CHECK_FALSE(server.is_compacting()); // what the store keeps is not asked for again
  }
}

TEST_CASE("the log is compacted when what lies below the checkpoint is large", "[raft][rule 14]") {
  leading_alone server;
  server.entries_kept_by_store = 3;
  for (request_id batch = 0; batch < 13; ++batch) {
    server.commit(batch * 100, 5, base::limits::mebibyte);
    server.settle();
  }
  server.checkpoint(server.status().last_applied.value);
  REQUIRE(server.is_compacting());
  server.compacted();
  CHECK(server.status().first_index == server.status().last_index.previous().previous());
}

TEST_CASE("how much is large is the operator's to say", "[raft][rule 14]") {
  auto config = raft_test::config_of(1);
  config.log_bytes_kept_max = 5 * base::limits::mebibyte / 2;
  core_server server(config, raft_test::memory_disk(raft_test::test_cluster, voters({1})));
  server.start();
  server.settle();
  for (request_id number = 1; number <= 3; ++number) {
    CHECK_FALSE(server.checkpoint(server.status().last_applied.value).compact);
    server.put(number, std::string(base::limits::mebibyte, 'x'));
    server.settle();
  }
  CHECK(server.checkpoint(server.status().last_applied.value).compact);
}

TEST_CASE("what is applied during a compaction counts for the next one", "[raft][rule 14]") {
  auto config = raft_test::config_of(1);
  config.log_bytes_kept_max = 5 * base::limits::mebibyte / 2;
  core_server server(config, raft_test::memory_disk(raft_test::test_cluster, voters({1})));
  server.entries_kept_by_store = 3;
  server.start();
  server.settle();
  auto put_three = [&](request_id first) {
    for (auto number = first; number < first + 3; ++number)
      server.put(number, std::string(base::limits::mebibyte, 'x'));
  };
  put_three(1);
  server.settle();
  REQUIRE(server.checkpoint(server.status().last_applied.value).compact);
  put_three(4);
  while (server.is_persisting() || server.is_timer_running() || server.is_applying())
    server.is_persisting() ? server.persisted()
    : server.is_applying() ? server.applied()
                           : server.timer_fired();
  server.compacted();
  CHECK(server.checkpoint(server.status().last_applied.value).compact);
}

TEST_CASE("a checkpoint ahead of what the core knows to be applied is cut to it", "[raft]") {
  leading_alone server;
  server.commit(1, base::limits::log_entries_kept_min + 5);
  server.settle();
  auto owed = server.checkpoint(1000000);
  REQUIRE(owed.compact);
  CHECK(owed.compact->up_to == server.status().last_applied);
}

TEST_CASE("one compaction is under way at a time", "[raft][INV-10]") {
  leading_alone server;
  server.commit(1, base::limits::log_entries_kept_min + 5);
  server.settle();
  server.checkpoint(server.status().last_applied.value);
  REQUIRE(server.is_compacting());
  server.commit(100000, 10);
  while (server.is_timer_running() || server.is_applying())
    server.is_applying() ? server.applied() : server.timer_fired();
  CHECK_FALSE(server.checkpoint(server.status().last_applied.value).compact);
  server.compacted();
  CHECK_FALSE(server.is_compacting()); // the store kept the rest on purpose
}

TEST_CASE("an applied window is not kept when nobody follows", "[raft]") {
  leading_alone server;
  server.commit(1, 100);
  server.settle();
  // What is applied can only be read from the disk: a rebuild proves that it is there.
  server.crash();
  server.disk().lose_state_machine();
  server.start();
  server.settle();
  CHECK(server.disk().applied().size() == server.disk().last_index().value);
}
