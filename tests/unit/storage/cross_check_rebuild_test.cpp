// SPDX-License-Identifier: Apache-2.0
// A store that is lost or behind: who makes it anew, and who refuses.
#include "storage/cross_check.hpp"

#include "storage/set_aside.hpp"
#include "tests/support/store_damage.hpp"
#include "tests/support/two_stores.hpp"

using matchers::ContainsSubstring;
using raft::log_index;
using storage::backend;
using storage::verdict;
using tests::run_sql;
using tests::two_stores;
using tests::violation;
using tests::violations;

TEST_CASE("No store at all is a new node (INV-70)", "[cross-check]") {
  two_stores stores;
  stores.remove(stores.log_path());
  stores.remove(stores.state_path());
  stores.remove(stores.wal());
  stores.check_ok();
}

TEST_CASE("A lost log is not a new node (INV-70)", "[cross-check]") {
  two_stores stores(GENERATE(backend::sqlite, backend::lmdb));
  stores.put("a");
  stores.remove(stores.log_path());
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-70"), ContainsSubstring("a lost log is not a new node"));
  CHECK_THAT(report.what_to_do, ContainsSubstring("aspen-backup restore"));
}

TEST_CASE("A WAL without its database and a lost log is not a new node (INV-70)", "[cross-check]") {
  two_stores stores;
  stores.put("a");
  stores.remove(stores.log_path());
  stores.remove(stores.state_path());
  CHECK(stores.check().verdict == verdict::refuse);
}

TEST_CASE("A lost log is not a new node of another backend either (INV-70)", "[cross-check]") {
  two_stores stores;
  stores.put("a");
  stores.remove(stores.log_path());
  auto paths = stores.paths();
  paths.backend = backend::lmdb;
  paths.state_path = stores.dir / "state-machine.lmdb";
  auto report = storage::cross_check(paths, {});
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-70"), ContainsSubstring("state-machine.db exists: a lost log"));
}

TEST_CASE("A lost state machine is rebuilt while the log holds everything (INV-70)",
          "[cross-check]") {
  two_stores stores(GENERATE(backend::sqlite, backend::lmdb));
  stores.put_many(5);
  stores.checkpoint();
  stores.remove(stores.state_path());
  SECTION("with its WAL left behind") {}
  SECTION("with its WAL gone too") {
    stores.remove(stores.wal());
  }
  auto report = stores.check();
  CHECK(report.verdict == verdict::rebuild);
  CHECK(violations(report) == 0);
}

TEST_CASE("A node does not change its storage backend by itself (INV-70)", "[cross-check]") {
  two_stores stores;
  stores.put_many(5);
  stores.close();
  auto paths = stores.paths();
  paths.backend = backend::lmdb;
  paths.state_path = paths.data_dir + "/state-machine.lmdb";
  auto report = storage::cross_check(paths, {});
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-70"), ContainsSubstring("keeps its storage backend"));
}

TEST_CASE("A rebuild that is interrupted is no corruption (INV-41)", "[cross-check]") {
  two_stores stores;
  stores.put_many(5);
  stores.checkpoint();
  stores.remove(stores.state_path());
  stores.remove(stores.wal());
  CHECK(stores.check().verdict == verdict::rebuild);
  stores.open_log();
  REQUIRE(stores.log->reset_checkpoints());
  stores.create_state();
  stores.apply_to(3);
  stores.check_ok();
}

TEST_CASE("A lost state machine comes from another server where there is one (INV-70)",
          "[cross-check]") {
  two_stores stores(backend::sqlite, 3);
  stores.put_many(5);
  stores.checkpoint();
  stores.compact();
  stores.remove(stores.state_path());
  auto report = stores.check_ok();
  CHECK(report.state_is_lost);
  CHECK(storage::check_report_from_json(storage::to_json(report))->state_is_lost);
  SECTION("its WAL was left behind") {
    stores.set_content(stores.wal(), "what is left of a WAL");
    CHECK(stores.check_ok().state_is_lost);
  }
}

TEST_CASE("A sole voter with a compacted log and no state machine refuses (INV-70)",
          "[cross-check]") {
  two_stores stores;
  stores.put_many(5);
  stores.checkpoint();
  stores.compact();
  stores.remove(stores.state_path());
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-70"), ContainsSubstring("only voter"));
  CHECK_THAT(report.what_to_do, ContainsSubstring("aspen-backup restore"));
}

TEST_CASE("A state machine behind the log's beginning is refused (INV-76)", "[cross-check]") {
  two_stores stores;
  stores.put_many(3);
  stores.checkpoint();
  stores.close();
  run_sql(stores.state_path(), "PRAGMA wal_checkpoint(TRUNCATE)");
  auto old = stores.keep(stores.state_path(), "old.db");
  stores.open();
  stores.put_many(3);
  stores.checkpoint();
  stores.compact();
  stores.remove(stores.wal());
  stores.put_back(old, stores.state_path());
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_THAT(violation(report, "INV-76"), ContainsSubstring("lies before the snapshot point 7"));
  CHECK_FALSE(violation(report, "INV-80").empty());
}

TEST_CASE("A WAL that lost frames is set aside when the file alone is whole (INV-80)",
          "[cross-check]") {
  two_stores stores;
  stores.put_many(3);
  stores.close();
  auto early = stores.keep(stores.wal(), "early-wal");
  stores.open();
  stores.put_many(3);
  stores.checkpoint();
  stores.put_back(early, stores.wal()); // frames older than what the file holds
  auto report = stores.check_ok();
  REQUIRE(report.wal_must_be_set_aside);
  REQUIRE(storage::set_wal_aside(stores.state_path()));
  auto again = stores.check_ok();
  CHECK_FALSE(again.wal_must_be_set_aside);
  CHECK(again.last_applied->index == log_index{7});
}

TEST_CASE("A WAL that lost frames during a checkpoint costs the state machine (INV-80)",
          "[cross-check]") {
  two_stores stores;
  stores.put_many(6);
  REQUIRE(stores.log->set_checkpoint_started(log_index{7}));
  stores.close();
  auto wal = two_stores::content(stores.wal());
  wal[wal.size() / 2] = static_cast<char>(wal[wal.size() / 2] ^ 1);
  stores.set_content(stores.wal(), wal);
  auto report = stores.check();
  CHECK(report.verdict == verdict::rebuild);
  CHECK(report.state_must_be_set_aside);
  CHECK_THAT(violation(report, "INV-80"), ContainsSubstring("checkpoint started at 7"));
  CHECK_THAT(report.what_to_do, ContainsSubstring("set aside"));
}

TEST_CASE("A torn WAL tail between checkpoints is replayed (INV-80)", "[cross-check]") {
  two_stores stores;
  stores.put_many(3);
  stores.checkpoint();
  stores.put_many(3);
  stores.close();
  auto wal = two_stores::content(stores.wal());
  constexpr std::size_t sixth_frame = 32 + 5 * (24 + 4096); // sqlite.org/fileformat2.html 4.1
  wal[sixth_frame + 100] = static_cast<char>(wal[sixth_frame + 100] ^ 1);
  stores.set_content(stores.wal(), wal);
  auto report = stores.check_ok();
  CHECK(report.last_applied->index >= log_index{4});
  CHECK(report.last_applied->index < log_index{7});
}

TEST_CASE("An old database file beside a newer WAL is refused (INV-81)", "[cross-check]") {
  two_stores stores;
  stores.put_many(3);
  stores.checkpoint();
  auto old = stores.keep(stores.state_path(), "old.db");
  stores.open();
  stores.put_many(30);
  stores.checkpoint();
  stores.put_many(3);
  stores.put_back(old, stores.state_path());
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
  CHECK_FALSE(violation(report, "INV-81").empty());
}

TEST_CASE("A WAL of another database is refused (INV-71, INV-81)", "[cross-check]") {
  two_stores stores;
  two_stores others;
  for (auto* one : {&stores, &others}) {
    one->put_many(10);
    one->checkpoint();
    one->put_many(5);
    one->close();
  }
  stores.put_back(others.wal(), stores.wal());
  auto report = stores.check();
  CHECK(report.verdict == verdict::refuse);
}

TEST_CASE("An old state machine of the lmdb backend is made anew (INV-80)", "[cross-check]") {
  two_stores stores(backend::lmdb);
  stores.put_many(3);
  auto old = stores.keep(stores.state_path(), "old.lmdb");
  stores.open();
  stores.put_many(3);
  stores.checkpoint();
  stores.put_back(old, stores.state_path());
  auto report = stores.check();
  CHECK(report.verdict == verdict::rebuild);
  CHECK_THAT(violation(report, "INV-80"), ContainsSubstring("went back"));
}

TEST_CASE("What is made anew is kept under another name, with its WAL (INV-80)", "[cross-check]") {
  two_stores stores;
  stores.put_many(3);
  stores.close();
  for (const std::string name : {".aside-1", ".aside-2"}) {
    auto aside = stores.state_path() + name;
    auto state = two_stores::content(stores.state_path());
    auto wal = two_stores::content(stores.wal());
    REQUIRE(storage::set_state_aside(stores.paths()));
    CHECK(two_stores::content(aside) == state);
    CHECK(two_stores::content(aside + "-wal") == wal);
    CHECK_FALSE(std::filesystem::exists(stores.state_path()));
    stores.open_log();
    stores.create_state();
    stores.apply_to(2);
    stores.close();
  }
}
