// SPDX-License-Identifier: Apache-2.0
// What every log store does: marks, compaction, snapshots that are installed.
#include "base/check.hpp"
#include "base/limits.hpp"
#include "tests/contract/log_store_fixture.hpp"

using base::errc;
using base::invariant_violation;
using raft::log_index;
using tests::lmdb_log;
using tests::log_fixture;
using tests::memory_log;

namespace {

constexpr std::uint64_t plenty = 1 << 30;

} // namespace

TEMPLATE_TEST_CASE("Checkpoint marks are kept", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  log.commit(3);
  log.checkpoint(2);
  REQUIRE(log.store->set_checkpoint_started(log_index{3}));
  log.reopen();
  CHECK(log.state().checkpoint_started == log_index{3});
  CHECK(log.state().checkpoint_completed == log_index{2});
}

TEMPLATE_TEST_CASE("Checkpoint marks keep their order (INV-41)", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  log.commit(2);
  CHECK_THROWS_AS(log.store->set_checkpoint_started(log_index{3}), invariant_violation);
  CHECK_THROWS_AS(log.store->set_checkpoint_completed(log_index{2}), invariant_violation);
  log.checkpoint(2);
  CHECK_THROWS_AS(log.store->set_checkpoint_started(log_index{1}), invariant_violation);
}

TEMPLATE_TEST_CASE("Checkpoints are forgotten only while the log holds everything", "[log]",
                   memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  log.commit(3);
  log.checkpoint(3);
  REQUIRE(log.store->reset_checkpoints());
  log.reopen();
  CHECK(log.state().checkpoint_started == log_index{0});
  CHECK(log.state().checkpoint_completed == log_index{0});
  log.checkpoint(3);
  REQUIRE(log.store->compact(log_index{2}, 1, plenty));
  CHECK_THROWS_AS(log.store->reset_checkpoints(), invariant_violation);
}

TEMPLATE_TEST_CASE("Compaction moves the snapshot point and leaves the rest", "[log]", memory_log,
                   lmdb_log) {
  log_fixture<TestType> log;
  log.append_many(1, 5);
  log.append(2, {"6", "7"});
  log.commit(8);
  log.checkpoint(8);
  auto fourth = log.at(4);
  auto point = log.store->compact(log_index{4}, 2, plenty);
  REQUIRE(point);
  CHECK(point->id == fourth.id);
  CHECK(point->chain == fourth.chain);
  CHECK(point->membership.is_sole_voter(raft::server_id{1}));
  log.reopen();
  CHECK(log.state().snapshot == *point);
  CHECK(log.read(5, 8).size() == 4);
  CHECK(log.store->read(log_index{4}, log_index{4}, 1).error().code == errc::not_found);
  CHECK(log.state().membership == point->membership);
  CHECK(log.state().term_starts[0] == raft::term_start{log_index{5}, raft::term{1}});
}

TEMPLATE_TEST_CASE("Compaction keeps the newest entries, as many as fit", "[log]", memory_log,
                   lmdb_log) {
  log_fixture<TestType> log;
  log.append_many(1, 9);
  log.commit(10);
  log.checkpoint(10);
  CHECK(log.store->compact(log_index{10}, 8, plenty)->id.index == log_index{2});
  CHECK(log.store->compact(log_index{10}, 100, plenty)->id.index == log_index{2});
  CHECK(log.store->compact(log_index{10}, 100, 5 * 85)->id.index == log_index{5});
  CHECK(log.store->sizes().entries == 5);
  CHECK(log.store->sizes().entry_bytes == 5 * 85 - 0);
}

TEMPLATE_TEST_CASE("A log compacted to its end goes on from there", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  log.commit(3);
  log.checkpoint(3);
  REQUIRE(log.store->compact(log_index{3}, 0, 0));
  log.reopen();
  CHECK(log.state().last == log.state().snapshot.id);
  CHECK(log.state().term_starts.empty());
  log.append(1, {"c"});
  log.reopen();
  CHECK(log.payload(4) == "c");
}

TEMPLATE_TEST_CASE("Only what a completed checkpoint holds is removed (INV-40)", "[log]",
                   memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  log.commit(3);
  log.checkpoint(2);
  CHECK_THROWS_AS(log.store->compact(log_index{3}, 0, 0), invariant_violation);
}

TEMPLATE_TEST_CASE("Compaction goes in steps of a bounded number of entries (INV-40)", "[log]",
                   memory_log, lmdb_log) {
  log_fixture<TestType> log;
  constexpr int count = 2 * base::limits::compact_entries_per_transaction_max + 100;
  log.append_many(1, count);
  log.commit(count);
  log.checkpoint(count);
  auto counter = log.state().write_counter;
  REQUIRE(log.store->compact(log_index{count}, 0, 0));
  if (TestType::is_durable)
    CHECK(log.state().write_counter == counter + 3);
  CHECK(log.state().snapshot.id.index == log_index{count});
  log.reopen();
  CHECK(log.payload(count + 1) == std::to_string(count));
}

TEMPLATE_TEST_CASE("A pending install leaves the log untouched", "[log]", memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  auto pending = log.install_at(7, 1, base::hash_of("other"));
  REQUIRE(log.store->set_pending_install(pending));
  log.reopen();
  CHECK(log.state().pending == pending);
  CHECK(log.payload(3) == "b");
  REQUIRE(log.store->drop_pending_install());
  log.reopen();
  CHECK_FALSE(log.state().pending);
}

TEMPLATE_TEST_CASE("Finishing an install beyond the log replaces the log", "[log]", memory_log,
                   lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  auto pending = log.install_at(7, 1, base::hash_of("other"));
  REQUIRE(log.store->set_pending_install(pending));
  REQUIRE(log.store->finish_pending_install());
  log.reopen();
  CHECK(log.state().snapshot == pending.point);
  CHECK(log.state().last == pending.point.id);
  CHECK(log.state().hard_state.commit_index == log_index{7});
  CHECK(log.state().checkpoint_completed == log_index{7});
  CHECK(log.state().membership == pending.point.membership);
  CHECK_FALSE(log.state().pending);
  log.append(1, {"c"});
  CHECK(log.payload(8) == "c");
}

TEMPLATE_TEST_CASE("Finishing an install within the log keeps what follows it", "[log]", memory_log,
                   lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b", "c"});
  log.commit(4);
  log.checkpoint(2);
  auto third = log.at(3);
  REQUIRE(log.store->set_pending_install(log.install_at(3, 1, third.chain)));
  REQUIRE(log.store->finish_pending_install());
  log.reopen();
  CHECK(log.state().snapshot.id == third.id);
  CHECK(log.payload(4) == "c");
  CHECK(log.state().hard_state.commit_index == log_index{4});
  CHECK(log.store->sizes().entries == 1);
}

TEMPLATE_TEST_CASE("Finishing an install drops a suffix of another history", "[log]", memory_log,
                   lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b", "c"});
  REQUIRE(log.store->set_pending_install(log.install_at(3, 1, base::hash_of("other"))));
  REQUIRE(log.store->finish_pending_install());
  log.reopen();
  CHECK(log.state().last.index == log_index{3});
  CHECK(log.store->sizes().entries == 0);
  CHECK(log.store->sizes().entry_bytes == 0);
}

TEMPLATE_TEST_CASE("A snapshot that contradicts what is committed is no install", "[log]",
                   memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  log.commit(3);
  auto pending = log.install_at(2, 1, base::hash_of("other"));
  CHECK(log.store->set_pending_install(pending).error().code == errc::corrupt);
}

TEMPLATE_TEST_CASE("A snapshot below the log or of a future term is no install", "[log]",
                   memory_log, lmdb_log) {
  log_fixture<TestType> log;
  log.append(1, {"a", "b"});
  log.commit(3);
  log.checkpoint(3);
  REQUIRE(log.store->compact(log_index{3}, 1, plenty));
  CHECK(log.store->set_pending_install(log.install_at(1, 1, {})).error().code == errc::invalid);
  CHECK(log.store->set_pending_install(log.install_at(9, 2, {})).error().code == errc::invalid);
}
