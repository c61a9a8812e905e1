// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_server.hpp"

using namespace raft;
using raft_test::core_server;
using raft_test::voters;

namespace {

/// A server that stopped with `count` committed entries beyond the no_op.
core_server stopped_with(std::uint64_t count) {
  core_server server(1, voters({1}));
  server.start();
  server.settle();
  for (std::uint64_t i = 0; i < count; ++i)
    server.put(i, "k" + std::to_string(i));
  server.settle();
  server.crash();
  return server;
}

/// A sound recovered state: entries 1 to 5, of terms 1, 1, 2, 2, 2, after genesis.
recovered_state sound() {
  recovered_state found;
  found.state = {term{2}, server_id{1}, log_index{4}};
  found.snapshot.chain = chain_seed(raft_test::test_cluster);
  found.last = {log_index{5}, term{2}};
  found.last_chain = {1, 2};
  found.term_starts = {{log_index{1}, term{1}}, {log_index{3}, term{2}}};
  found.memberships = {{log_index{1}, voters({1})}};
  found.last_applied = log_index{3};
  return found;
}

void open(const recovered_state& found) {
  core(raft_test::config_of(1), found, [](std::uint64_t) { return 0; });
}

} // namespace

TEST_CASE("a restart elects again in the next term", "[raft][thesis 3.8]") {
  auto server = stopped_with(3);
  server.start();
  CHECK(server.status().current_term == term{2});
  server.settle();
  CHECK(server.status().role == role_name::leader);
}

TEST_CASE("a restart applies what was committed and not applied", "[raft]") {
  core_server server(1, voters({1}));
  server.start();
  server.settle();
  server.put(1, "a=1");
  server.persisted();
  server.crash();
  CHECK(server.disk().last_applied() == log_index{2});
  server.start();
  CHECK(server.is_reading()); // at once, beside the election
  server.settle();
  CHECK(server.disk().applied().at(2).payload.bytes() == "a=1");
}

TEST_CASE("a lost state machine is rebuilt from the whole log, in bounded chunks",
          "[raft][rule 19]") {
  auto server = stopped_with(10000);
  server.disk().lose_state_machine();
  server.start();
  std::size_t chunk_max = 0;
  std::size_t chunks = 0;
  server.persisted();
  server.persisted();
  while (server.is_reading() || server.is_applying()) {
    auto owed = server.is_reading() ? server.log_read() : server.applied();
    if (owed.apply) {
      chunk_max = std::max(chunk_max, owed.apply->entries.size());
      ++chunks;
    }
  }
  server.settle();
  CHECK(chunks == 3);
  CHECK(chunk_max == base::limits::apply_entries_max);
  CHECK(server.disk().applied().size() == server.disk().last_index().value);
}

TEST_CASE("the next chunk is read while one is applied", "[raft]") {
  auto server = stopped_with(10000);
  server.disk().lose_state_machine();
  server.start();
  server.log_read();
  CHECK(server.is_applying());
  CHECK(server.is_reading());
}

TEST_CASE("a read after a restart waits for the no_op and for all before it",
          "[raft][thesis 6.4]") {
  auto server = stopped_with(3);
  server.disk().lose_state_machine();
  server.start();
  server.persisted();
  server.read(10);
  server.persisted();
  CHECK_FALSE(server.confirmed_index(10));
  server.settle();
  CHECK(server.confirmed_index(10) == server.status().commit_index);
}

TEST_CASE("what was durable and not committed is committed with the no_op",
          "[raft][thesis 3.6.2]") {
  // A log left by a larger cluster: the last entry was never known to be committed.
  auto found = sound();
  found.state.commit_index = log_index{3};
  core server(raft_test::config_of(1), found, [](std::uint64_t) { return 0; });
  server.take_ready();
  server.persisted();
  server.take_ready();
  CHECK(server.status().commit_index == log_index{3});
  server.persisted();
  CHECK(server.status().commit_index == log_index{6});
}

TEST_CASE("a restored state goes on after its snapshot point", "[raft][rule 21]") {
  recovered_state found;
  found.snapshot = {{log_index{(1ull << 32) + 5}, term{4}}, {7, 7}, voters({1})};
  found.state = {term{4}, {}, found.snapshot.id.index};
  found.last = found.snapshot.id;
  found.last_chain = found.snapshot.chain;
  found.last_applied = found.snapshot.id.index;
  core server(raft_test::config_of(1), found, [](std::uint64_t) { return 0; });
  CHECK_FALSE(server.take_ready().log_read);
  server.persisted();
  auto owed = server.take_ready();
  REQUIRE(owed.persist);
  CHECK(owed.persist->entries.front().id == entry_id{log_index{(1ull << 32) + 6}, term{5}});
}

TEST_CASE("a sound state is accepted", "[raft]") {
  CHECK_NOTHROW(open(sound()));
}

TEST_CASE("a state that contradicts itself is refused", "[raft]") {
  auto found = sound();
  SECTION("last_applied exceeds committed") {
    found.last_applied = log_index{5};
  }
  SECTION("committed exceeds the log") {
    found.state.commit_index = log_index{6};
  }
  SECTION("an entry is newer than the term") {
    found.state.current_term = term{1};
  }
  SECTION("the log does not begin after the snapshot point") {
    found.term_starts.front().first_index = log_index{2};
  }
  SECTION("terms go back") {
    found.term_starts.back().term = term{0};
  }
  SECTION("the last entry is of no known term") {
    found.last.term = term{1};
  }
  SECTION("a log without entries ends beyond its snapshot point") {
    found.term_starts.clear();
  }
  SECTION("the log is chained from another cluster") {
    found.snapshot.chain = {7, 7};
  }
  SECTION("the snapshot point lies above the commit index") {
    found.snapshot.id = {log_index{5}, term{2}};
    found.snapshot.chain = found.last_chain;
    found.term_starts.clear();
  }
  SECTION("the state machine is missing what is compacted") {
    found.snapshot.id = {log_index{2}, term{1}};
    found.term_starts.erase(found.term_starts.begin());
    found.last_applied = log_index{1};
  }
  CHECK_THROWS_AS(open(found), base::invariant_violation);
}

TEST_CASE("a configuration that cannot work is refused", "[raft]") {
  auto config = raft_test::config_of(1);
  SECTION("nobody") {
    config.self = {};
  }
  SECTION("elections as frequent as heartbeats") {
    config.heartbeat_ticks = 10;
  }
  SECTION("bounds crossed") {
    config.election_timeout_ticks_max = 5;
  }
  CHECK_THROWS_AS(core(config, sound(), [](std::uint64_t) { return 0; }),
                  base::invariant_violation);
}

TEST_CASE("a server that nobody let in waits", "[raft]") {
  core_server server(raft_test::config_of(3), raft_test::memory_disk(raft_test::test_cluster));
  server.start();
  for (int i = 0; i < 100; ++i)
    CHECK(server.tick().empty());
  CHECK(server.status().role == role_name::learner);
}

TEST_CASE("a crash loses nothing that was committed", "[raft][INV-21]") {
  core_server server(1, voters({1}));
  server.start();
  server.settle();
  server.put(1, "a=1");
  server.persisted();
  REQUIRE(server.has_committed(1));
  server.put(2, "b=2");
  server.crash();
  server.start();
  server.settle();
  CHECK(server.disk().at(log_index{3}).payload.bytes() == "a=1");
}

TEST_CASE("a batch that reached the disk unseen is committed", "[raft][rule 5]") {
  core_server server(1, voters({1}));
  server.start();
  server.settle();
  server.put(1, "a=1");
  server.crash({.persist_survives = true});
  server.start();
  server.settle();
  CHECK(server.disk().at(log_index{3}).payload.bytes() == "a=1");
  CHECK(server.disk().last_applied() == server.disk().last_index());
}
