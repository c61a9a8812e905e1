// SPDX-License-Identifier: Apache-2.0
// What the contract tests cannot see: the tables themselves, and a disk or a neighbour
// that misbehaves.
#include "storage/sqlite_state_machine.hpp"

#include "base/check.hpp"
#include "storage/sqlite_inspect.hpp"
#include "tests/support/faulty_vfs.hpp"
#include "tests/unit/storage/sqlite_fixture.hpp"

namespace {

using namespace storage;
using tests::problem;
using tests::raw_sqlite;
using tests::sqlite_fixture;

constexpr const char* last_applied_sql =
    "SELECT value FROM state_machine_meta WHERE key='last_applied_log'";

class faulty_fixture : public tests::faulty_disk, public sqlite_fixture {
public:
  faulty_fixture() : sqlite_fixture(tests::faulty_disk::name()) {}
};

} // namespace

TEST_CASE_METHOD(sqlite_fixture, "operators read last applied as the text they know") {
  source.begin_term(raft::term{3});
  for (int i = 0; i < 105; ++i)
    put("k", std::to_string(i));
  CHECK(raw_sqlite(path()).text(last_applied_sql) == R"({"term":3,"index":105})");
}

TEST_CASE_METHOD(sqlite_fixture, "the tables hold what the documents say") {
  put("k", "value");
  put("k", "other");
  raw_sqlite database(path());
  CHECK(database.text("SELECT key || ' ' || create_revision || ' ' || mod_revision || ' ' ||"
                      " version || ' ' || value || ' ' || length(digest) FROM state_machine_kv")
        == "k 1 2 2 other 32");
  CHECK(database.text("SELECT value FROM node_local WHERE key='server_id'") == "3");
  CHECK(database.text("SELECT value FROM state_machine_meta WHERE key='cluster_id'")
        == to_string(tests::test_cluster()));
  CHECK(database.text("PRAGMA application_id") == std::to_string(sqlite_application_id));
  CHECK(database.text("SELECT sum(strict) FROM pragma_table_list WHERE schema='main'"
                      " AND type='table' AND name NOT LIKE 'sqlite%'")
        == "3");
}

TEST_CASE_METHOD(sqlite_fixture, "one batch is one sync of the log of changes") {
  close();
  tests::faulty_disk disk;
  options.vfs = tests::faulty_disk::name();
  REQUIRE(problem(try_open()) == "");
  put("a", "1");
  auto before = disk.syncs();
  REQUIRE(apply({source.set("a", "2"), source.set("b", "3"), source.no_op()}));
  CHECK(disk.syncs() == before + 1);
}

TEST_CASE_METHOD(sqlite_fixture, "a value changed behind the node's back breaks the seal",
                 "[INV-55]") {
  put("k", "1");
  close();
  auto update = GENERATE(
      R"(UPDATE state_machine_meta SET value='{"term":1,"index":999999}' WHERE key='last_applied_log')",
      "UPDATE state_machine_meta SET value=replace(value, '0', '1') WHERE key='digest'",
      "INSERT INTO state_machine_meta VALUES('more', 'than there was')",
      "UPDATE node_local SET value='8' WHERE key='server_id'");
  raw_sqlite(path()).run(update);
  auto opened = try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == base::errc::corrupt);
  CHECK_THAT(opened.error().text, matchers::ContainsSubstring("INV-55"));
}

TEST_CASE_METHOD(sqlite_fixture, "a value that is missing or unreadable is named") {
  put("k", "1");
  close();
  raw_sqlite(path()).run("UPDATE state_machine_meta SET value='soon' WHERE key='last_applied_log'");
  CHECK_THAT(try_open().error().text,
             matchers::ContainsSubstring("last_applied_log cannot be read: \"soon\""));
  raw_sqlite(path()).run("DELETE FROM state_machine_meta WHERE key='chain'");
  raw_sqlite(path()).run(
      R"(UPDATE state_machine_meta SET value='{"term":1,"index":1}' WHERE key='last_applied_log')");
  CHECK_THAT(try_open().error().text, matchers::ContainsSubstring("chain is missing"));
  raw_sqlite(path()).run("DROP TABLE node_local");
  CHECK_THAT(try_open().error().text, matchers::ContainsSubstring("table"));
}

TEST_CASE_METHOD(sqlite_fixture, "a row changed behind the node's back is never an answer",
                 "[INV-56]") {
  put("k", "1");
  put("other", "2");
  raw_sqlite(path()).run("UPDATE state_machine_kv SET value=x'39' WHERE key='k'");
  auto reader = open_reader();
  auto result = reader->get("k");
  REQUIRE_FALSE(result);
  CHECK(result.error().code == base::errc::corrupt);
  CHECK_THAT(result.error().text, matchers::ContainsSubstring("k"));
  scan_request all;
  all.bytes_max = 1000;
  CHECK(reader->scan(all).error().code == base::errc::corrupt);
  CHECK(reader->get("other"));
  CHECK(machine->verify_rows([] { return true; }).error().code == base::errc::corrupt);
}

TEST_CASE_METHOD(sqlite_fixture, "rows that came or went behind the node's back are noticed",
                 "[INV-56]") {
  put("a", "1");
  put("b", "2");
  auto change = GENERATE("DELETE FROM state_machine_kv WHERE key='a'",
                         "UPDATE state_machine_kv SET key='c' WHERE key='a'",
                         "UPDATE state_machine_kv SET digest=x'00' WHERE key='a'");
  raw_sqlite(path()).run(change);
  auto digest = machine->verify_rows([] { return true; });
  REQUIRE_FALSE(digest);
  CHECK(digest.error().code == base::errc::corrupt);
}

TEST_CASE_METHOD(sqlite_fixture, "a lock held by another is waited for, then busy, and no more") {
  put("k", "1");
  {
    raw_sqlite stranger(path());
    stranger.run("BEGIN IMMEDIATE");
    auto result = try_put("k", "2");
    REQUIRE_FALSE(result);
    CHECK(result.error().code == base::errc::busy);
    rewind();
    CHECK(get("k") == "1");
    stranger.run("ROLLBACK");
  }
  put("k", "2");
  CHECK(get("k") == "2");
}

TEST_CASE_METHOD(faulty_fixture, "a full disk changes nothing and the node goes on after it",
                 "[INV-60]") {
  put("k", "1");
  auto before = machine->meta();
  for (std::int64_t writes : {0, 1, 2, 3, 5, 8, 20}) {
    CAPTURE(writes);
    fill_after(writes);
    auto result = try_put("k", std::string(200000, 'x'));
    REQUIRE_FALSE(result);
    CHECK(result.error().code == base::errc::storage_full);
    rewind();
    CHECK(machine->meta() == before);
    CHECK(get("k") == "1");
  }
  make_room();
  put("k", "2");
  CHECK(get("k") == "2");
  reopen();
  CHECK(get("k") == "2");
  CHECK(problem(machine->verify_rows([] { return true; })) == "");
}

TEST_CASE_METHOD(faulty_fixture, "a full disk at a checkpoint is not the end", "[INV-60]") {
  put("k", std::string(200000, 'x'));
  fill_after(1);
  auto report = machine->checkpoint(checkpoint_mode::passive);
  REQUIRE_FALSE(report);
  CHECK(report.error().code == base::errc::storage_full);
  make_room();
  CHECK(checkpoint(checkpoint_mode::passive).is_complete);
}

TEST_CASE_METHOD(faulty_fixture, "after a failed sync nothing is done any more", "[INV-59]") {
  put("k", "1");
  fail_syncs(true);
  auto result = try_put("k", "2");
  REQUIRE_FALSE(result);
  CHECK(result.error().code == base::errc::sync_failed);
  fail_syncs(false);
  rewind();
  CHECK(try_put("k", "3").error().code == base::errc::sync_failed);
  CHECK(machine->checkpoint(checkpoint_mode::passive).error().code == base::errc::sync_failed);
  CHECK(machine->restart_wal().error().code == base::errc::sync_failed);
}

TEST_CASE_METHOD(faulty_fixture, "after a failed write nothing is done any more", "[INV-59]") {
  put("k", "1");
  fail_writes(true);
  CHECK(try_put("k", "2").error().code == base::errc::io);
  fail_writes(false);
  rewind();
  CHECK(try_put("k", "3").error().code == base::errc::io);
  reopen();
  CHECK(problem(machine->verify_rows([] { return true; })) == "");
}

TEST_CASE_METHOD(faulty_fixture, "after a failed checkpoint nothing is done any more", "[INV-59]") {
  put("k", "1");
  fail_syncs(true);
  CHECK(machine->checkpoint(checkpoint_mode::passive).error().code == base::errc::sync_failed);
  fail_syncs(false);
  CHECK(try_put("k", "2").error().code == base::errc::sync_failed);
}

TEST_CASE_METHOD(sqlite_fixture, "a read that is interrupted ends, and the reader goes on") {
  for (int i = 0; i < 50; ++i)
    put("key " + std::to_string(i), "v");
  auto reader = open_reader();
  reader->interrupt();
  scan_request all;
  all.items_max = 100;
  all.bytes_max = 100000;
  // An interrupt speaks of the call under way only.
  auto page = reader->scan(all);
  REQUIRE(problem(page) == "");
  CHECK(page->rows.size() == 50);
}

TEST_CASE_METHOD(sqlite_fixture, "a database left with its WAL is whole when it is opened again") {
  for (int i = 0; i < 100; ++i)
    put("key " + std::to_string(i), std::string(500, 'v'));
  auto meta = machine->meta();
  reopen();
  CHECK(machine->meta() == meta);
  CHECK(machine->wal().frames > 0);
  CHECK(machine->verify_rows([] { return true; }) == meta.digest);
}

TEST_CASE_METHOD(sqlite_fixture, "last applied is what the state is worth without its WAL") {
  put("k", "1");
  checkpoint(checkpoint_mode::passive);
  REQUIRE(*machine->restart_wal());
  put("k", "2");
  close();
  auto whole = inspect_sqlite(path());
  REQUIRE(problem(whole) == "");
  CHECK((*whole)->facts().meta.last_applied.index == raft::log_index{2});
  whole->reset();
  auto main_file = inspect_sqlite(path(), wal_view::main_file_only);
  REQUIRE(problem(main_file) == "");
  CHECK((*main_file)->facts().meta.last_applied.index == raft::log_index{1});
  CHECK((*main_file)->facts().has_wal_file);
  CHECK((*main_file)->facts().meta_is_sealed);
  CHECK(problem((*main_file)->verify_rows([] { return true; })) == "");
}

TEST_CASE_METHOD(sqlite_fixture, "a WAL set aside is not read again") {
  put("k", "1");
  checkpoint(checkpoint_mode::truncate);
  put("k", "2");
  CHECK_THROWS_AS(set_wal_aside(path()), base::invariant_violation);
  close();
  REQUIRE(problem(set_wal_aside(path())) == "");
  CHECK(std::filesystem::exists(wal_path(path()) + ".aside"));
  REQUIRE(problem(try_open()) == "");
  CHECK(get("k") == "1");
  CHECK(machine->meta().last_applied.index == raft::log_index{1});
  close();
  REQUIRE(problem(set_wal_aside(path())) == "");
}
