// SPDX-License-Identifier: Apache-2.0
// What every log store does: append, replace, read.
#include "base/check.hpp"
#include "tests/contract/log_store_fixture.hpp"

using base::errc;
using base::invariant_violation;
using raft::log_index;
using tests::lmdb_log;
using tests::log_fixture;
using tests::memory_log;

TEMPLATE_TEST_CASE("A new log holds the configuration as its committed first entry", "[log]",
                   memory_log, lmdb_log) {
  log_fixture<TestType> log;
  CHECK(log.state().last == raft::entry_id{log_index{1}, raft::term{0}});
  CHECK(log.state().hard_state.commit_index == log_index{1});
  CHECK(log.state().hard_state.current_term == raft::term{0});
  CHECK(log.state().membership.is_sole_voter(raft::server_id{1}));
  CHECK(log.state().snapshot.chain == raft::chain_seed(log.seed.identity.cluster_id));
  CHECK(log.state().identity == log.seed.identity);
  CHECK(log.at(1).kind == raft::entry_kind::membership);
}

TEMPLATE_TEST_CASE("What was appended is read back, every field of it", "[log]", memory_log,
                   lmdb_log) {
  log_fixture<TestType> log;
  auto entries = log.next(3, {"a", "", std::string("\0\xff", 2), std::string(500000, 'x')});
  REQUIRE(log.store->append(log.batch(entries)));
  log.reopen();
  CHECK(log.read(2, 5) == entries);
  CHECK(log.state().last == entries.back().id);
  CHECK(log.state().last_chain == entries.back().chain);
}

TEMPLATE_TEST_CASE("Term, vote and commit index are one record", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  auto batch = log.batch(log.next(2, {"a"}));
  batch.hard_state = {raft::term{4}, raft::server_id{1}, log_index{2}};
  REQUIRE(log.store->append(batch));
  log.reopen();
  CHECK(log.state().hard_state == batch.hard_state);
}

TEMPLATE_TEST_CASE("The state knows where each term begins", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  log.append(4, {"c"});
  log.reopen();
  std::vector<raft::term_start> expected{
      {log_index{1}, raft::term{0}}, {log_index{2}, raft::term{1}}, {log_index{4}, raft::term{4}}};
  CHECK(log.state().term_starts == expected);
}

TEMPLATE_TEST_CASE("Entries in conflict are replaced", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b", "c"});
  auto kept = log.at(2);
  auto batch = log.batch(log.follow(kept.id, kept.chain, 2, {"B"}));
  batch.truncate_from = log_index{3};
  REQUIRE(log.store->append(batch));
  log.reopen();
  CHECK(log.state().last == raft::entry_id{log_index{3}, raft::term{2}});
  CHECK(log.payload(2) == "a");
  CHECK(log.payload(3) == "B");
  log.append(2, {"C"});
  CHECK(log.payload(4) == "C");
}

TEMPLATE_TEST_CASE("Replacing the membership entry brings the older membership back", "[log]",
                   memory_log, lmdb_log) {
  log_fixture<TestType> log;
  auto before = log.state().membership;
  auto change = log.next(1, {raft::encode(raft::membership{})})[0];
  change.kind = raft::entry_kind::membership;
  change.chain =
      raft::next_chain(log.state().last_chain, change.id, change.kind, change.payload.hash());
  REQUIRE(log.store->append(log.batch({change})));
  CHECK(log.state().membership == raft::membership{});
  auto batch = log.batch(log.follow(log.at(1).id, log.at(1).chain, 2, {"x"}));
  batch.truncate_from = log_index{2};
  REQUIRE(log.store->append(batch));
  log.reopen();
  CHECK(log.state().membership == before);
}

TEMPLATE_TEST_CASE("A cut without entries shortens the log", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  auto batch = log.batch({});
  batch.truncate_from = log_index{3};
  REQUIRE(log.store->append(batch));
  log.reopen();
  CHECK(log.state().last.index == log_index{2});
  CHECK(log.state().last_chain == log.at(2).chain);
}

TEMPLATE_TEST_CASE("A read stops at its bytes, after at least one entry", "[log]", memory_log,
                   lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"aaaa", "bbbb", "cccc"});
  CHECK(log.read(2, 4, 0).size() == 1);
  CHECK(log.read(2, 4, 8).size() == 2);
  CHECK(log.read(2, 4, 11).size() == 2);
  CHECK(log.read(2, 4, 12).size() == 3);
}

TEMPLATE_TEST_CASE("Entries outside the log are not found", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a"});
  for (auto [first, last] : {std::pair(0, 1), {2, 3}, {3, 3}, {2, 1}}) {
    auto found = log.store->read(log_index(static_cast<std::uint64_t>(first)),
                                 log_index(static_cast<std::uint64_t>(last)), 100);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == errc::not_found);
  }
}

TEMPLATE_TEST_CASE("Each write moves the counter by one", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  auto counter = log.state().write_counter;
  log.append(1, {"a"});
  log.commit(2);
  log.checkpoint(2);
  CHECK(log.state().write_counter == counter + 4);
  log.reopen();
  CHECK(log.state().write_counter == counter + 4);
}

TEMPLATE_TEST_CASE("A batch that leaves a gap is refused (INV-30)", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  auto entries = log.next(1, {"a", "b"});
  CHECK_THROWS_AS(log.store->append(log.batch({entries[1]})), invariant_violation);
  auto batch = log.batch({});
  batch.truncate_from = log_index{3};
  CHECK_THROWS_AS(log.store->append(batch), invariant_violation);
}

TEMPLATE_TEST_CASE("Nothing committed is replaced (INV-30)", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  log.commit(2);
  auto batch = log.batch(log.follow(log.at(1).id, log.at(1).chain, 2, {"A"}));
  batch.truncate_from = log_index{2};
  CHECK_THROWS_AS(log.store->append(batch), invariant_violation);
  CHECK(log.payload(2) == "a");
}

TEMPLATE_TEST_CASE("A hard state never goes back (INV-31)", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(3, {"a", "b"});
  auto batch = log.batch({});
  batch.hard_state = {raft::term{3}, raft::server_id{2}, log_index{3}};
  REQUIRE(log.store->append(batch));
  std::vector<raft::hard_state> backwards{
      {raft::term{2}, raft::server_id{2}, log_index{3}}, // an older term
      {raft::term{3}, raft::server_id{1}, log_index{3}}, // a second vote
      {raft::term{3}, raft::server_id{}, log_index{3}},  // a vote taken back
      {raft::term{3}, raft::server_id{2}, log_index{2}}, // an older commit
  };
  for (const auto& one : backwards) {
    batch.hard_state = one;
    CHECK_THROWS_AS(log.store->append(batch), invariant_violation);
  }
}

TEMPLATE_TEST_CASE("An entry that breaks the chain is refused (INV-34)", "[log]", memory_log,
                   lmdb_log) {
  log_fixture<TestType> log;
  auto entries = log.next(1, {"a"});
  entries[0].chain.low ^= 1;
  CHECK_THROWS_AS(log.store->append(log.batch(entries)), invariant_violation);
}

TEMPLATE_TEST_CASE("Terms never decrease nor run ahead (INV-35)", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(3, {"a"});
  CHECK_THROWS_AS(log.store->append(log.batch(log.next(2, {"b"}))), invariant_violation);
  auto batch = log.batch(log.next(4, {"b"}));
  batch.hard_state.current_term = raft::term{3};
  CHECK_THROWS_AS(log.store->append(batch), invariant_violation);
}

TEMPLATE_TEST_CASE("What is committed is in the log (INV-36)", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  auto batch = log.batch({});
  batch.hard_state.commit_index = log_index{2};
  CHECK_THROWS_AS(log.store->append(batch), invariant_violation);
}
