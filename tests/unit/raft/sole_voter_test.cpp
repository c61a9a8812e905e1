// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "raft/format.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_server.hpp"

using namespace raft;
using raft_test::core_server;
using raft_test::voters;

namespace {

/// A sole voter that leads, with nothing under way: log 1 (founding), 2 (no_op).
class leading_alone : public core_server {
public:
  leading_alone() : core_server(1, voters({1})) {
    start();
    settle();
  }
};

} // namespace

TEST_CASE("a sole voter campaigns at once, without a tick", "[raft][thesis 3.4]") {
  core_server server(1, voters({1}));
  server.start();
  CHECK(server.status().role == role_name::candidate);
  CHECK(server.is_persisting());
  server.persisted();
  CHECK(server.disk().state() == hard_state{term{1}, server_id{1}, log_index{1}});
  CHECK(server.status().role == role_name::leader);
}

TEST_CASE("a leader's first entry is a no_op of its term", "[raft][thesis 6.4]") {
  leading_alone server;
  CHECK(server.disk().at(log_index{2}).kind == entry_kind::no_op);
  CHECK(server.disk().at(log_index{2}).id.term == term{1});
}

TEST_CASE("a sole voter's batch records its own last entry as committed", "[raft][rule 5]") {
  leading_alone server;
  auto owed = server.put(10, "a=1");
  REQUIRE(owed.persist);
  CHECK(owed.persist->state.commit_index == owed.persist->entries.back().id.index);
}

TEST_CASE("the vote's own record leaves the commit index as it was", "[raft][rule 5]") {
  auto disk = raft_test::memory_disk(raft_test::test_cluster, voters({1}));
  core_server server(raft_test::config_of(1), disk);
  server.start();
  server.persisted();
  CHECK(server.disk().state().commit_index == log_index{1});
}

TEST_CASE("a proposal is committed when its batch is durable and not before", "[raft][rule 8]") {
  leading_alone server;
  server.put(10, "a=1");
  CHECK(server.has_appended(10));
  CHECK_FALSE(server.has_committed(10));
  server.persisted();
  CHECK(server.has_committed(10));
}

TEST_CASE("proposals that come while a persist is under way form one batch", "[raft][rule 9]") {
  leading_alone server;
  server.put(1, "a=1");
  for (request_id request = 2; request <= 5; ++request)
    CHECK(server.put(request, "x=1").empty());
  auto owed = server.persisted();
  REQUIRE(owed.persist);
  CHECK(owed.persist->entries.size() == 4);
}

TEST_CASE("a batch is bounded in entries and in bytes", "[raft]") {
  leading_alone server;
  server.put(1, "first");
  SECTION("entries") {
    for (request_id request = 2; request <= base::limits::persist_entries_max + 11; ++request)
      server.put(request, "x");
    CHECK(server.persisted().persist->entries.size() == base::limits::persist_entries_max);
    CHECK(server.persisted().persist->entries.size() == 10);
  }
  SECTION("bytes") {
    for (request_id request = 2; request <= 10; ++request)
      server.put(request, std::string(base::limits::mebibyte, 'x'));
    CHECK(server.persisted().persist->entries.size() == 8);
    CHECK(server.persisted().persist->entries.size() == 1);
  }
}

TEST_CASE("a proposal before the election is won is refused", "[raft]") {
  core_server server(1, voters({1}));
  server.start();
  server.put(1, "a=1");
  CHECK(to_string(server.last_outcome()) == "not_leader leader=0");
}

TEST_CASE("a proposal before the no_op is committed is appended after it", "[raft]") {
  core_server server(1, voters({1}));
  server.start();
  server.persisted();
  server.put(1, "a=1");
  CHECK(std::holds_alternative<accepted>(server.last_outcome()));
  server.settle();
  CHECK(server.has_committed(1));
  CHECK(server.disk().at(log_index{3}).payload.bytes() == "a=1");
}

TEST_CASE("proposals beyond what may be in flight are refused and change nothing", "[raft]") {
  auto config = raft_test::config_of(1);
  SECTION("entries") {
    config.proposals_in_flight_max = 2;
  }
  SECTION("bytes") {
    config.proposal_bytes_in_flight_max = 7;
  }
  core_server server(config, raft_test::memory_disk(raft_test::test_cluster, voters({1})));
  server.start();
  server.settle();
  server.put(1, "a=1");
  server.put(2, "b=2");
  CHECK(server.put(3, "c=3").empty());
  CHECK(std::holds_alternative<overloaded>(server.last_outcome()));
  server.settle();
  CHECK(server.status().proposals_in_flight == 0);
  server.put(3, "c=3");
  CHECK(std::holds_alternative<accepted>(server.last_outcome()));
}

TEST_CASE("a proposal is in flight until it is applied", "[raft][rule 8]") {
  leading_alone server;
  server.put(1, "a=1");
  server.persisted();
  CHECK(server.status().proposals_in_flight == 1);
  server.settle();
  CHECK(server.status().proposals_in_flight == 0);
}

TEST_CASE("a completion that nobody waits for is a broken invariant", "[raft][INV-10]") {
  leading_alone server;
  auto& core = server.protocol();
  CHECK_THROWS_AS(core.persisted(), base::invariant_violation);
  CHECK_THROWS_AS(core.applied(log_index{3}), base::invariant_violation);
  CHECK_THROWS_AS(core.apply_due(), base::invariant_violation);
  CHECK_THROWS_AS(core.log_read({}), base::invariant_violation);
  CHECK_THROWS_AS(core.compacted({}), base::invariant_violation);
}

TEST_CASE("an apply is done only up to where it was asked for", "[raft][INV-10]") {
  leading_alone server;
  server.put(1, "a=1", true);
  server.persisted();
  REQUIRE(server.is_applying());
  CHECK_THROWS_AS(server.protocol().applied(log_index{2}), base::invariant_violation);
}

TEST_CASE("ticks change nothing for a sole voter that leads", "[raft]") {
  leading_alone server;
  for (int i = 0; i < 1000; ++i)
    CHECK(server.tick().empty());
  CHECK(server.status().role == role_name::leader);
}

TEST_CASE("a slow disk does not make a sole voter burn through terms", "[raft]") {
  core_server server(1, voters({1}));
  server.start();
  for (int i = 0; i < 1000; ++i)
    server.tick();
  CHECK(server.status().current_term == term{1});
  server.settle();
  CHECK(server.status().role == role_name::leader);
}

TEST_CASE("a sole voter is not moved by strangers", "[raft]") {
  leading_alone server;
  SECTION("who ask for its vote") {
    server.step(server_id{7}, request_vote{term{9}, {log_index{99}, term{8}}, false, true});
  }
  SECTION("who claim to lead") {
    server.step(server_id{7}, append_entries{term{9}, {}, {}, {}, log_index{0}, 0});
  }
  SECTION("who answer what was never asked") {
    server.step(server_id{7}, append_entries_reply{term{9}, append_accepted{log_index{9}}, 0});
  }
  CHECK(server.status().current_term == term{1});
  CHECK(server.status().role == role_name::leader);
  CHECK(server.outbox.empty());
}

TEST_CASE("a sole voter that meets a newer term at a learner campaigns again",
          "[raft][thesis 3.3]") {
  auto members = voters({1});
  members.learners.push_back({server_id{2}, {}, "", ""});
  core_server server(1, members);
  server.start();
  server.settle();
  server.put(1, "a=1");
  server.put(2, "b=2");
  server.step(server_id{2}, append_entries_reply{term{5}, append_conflict{}, 0});
  CHECK(server.status().role == role_name::candidate);
  CHECK(server.has_dropped(2)); // it was never appended
  server.settle();
  CHECK(server.status().role == role_name::leader);
  CHECK(server.status().current_term == term{6});
  CHECK(server.has_committed(1));
}

TEST_CASE("a proposal refused for its kind is a caller's mistake", "[raft]") {
  leading_alone server;
  proposal what;
  what.kind = entry_kind::membership;
  CHECK_THROWS_AS(server.protocol().propose(what), base::invariant_violation);
}

TEST_CASE("trace and leader's time travel with the entry", "[raft]") {
  leading_alone server;
  proposal what;
  what.trace = base::uuid_from_name("trace");
  what.leader_time_ms = 42;
  server.protocol().propose(what);
  auto owed = server.protocol().take_ready();
  REQUIRE(owed.persist);
  CHECK(owed.persist->entries.front().trace == what.trace);
  CHECK(owed.persist->entries.front().leader_time_ms == 42);
}
