// SPDX-License-Identifier: Apache-2.0
// The connection: its settings, its owner, what it refuses to open.
#include "storage/sqlite_database.hpp"

#include <fstream>

#include <sqlite3.h>
#include <sys/stat.h>

#include "base/check.hpp"
#include "storage/sqlite_error.hpp"
#include "tests/unit/storage/sqlite_fixture.hpp"

namespace {

using namespace storage;
using tests::problem;
using tests::sqlite_fixture;

base::result<sqlite_database> open_as(const std::string& path, sqlite_access access) {
  sqlite_open_options options;
  options.access = access;
  return sqlite_database::open(path, options);
}

std::string setting(sqlite_database& database, const std::string& name) {
  auto value = database.query_text("PRAGMA " + name);
  REQUIRE(problem(value) == "");
  return *value;
}

} // namespace

TEST_CASE_METHOD(sqlite_fixture, "every connection has the settings that were asked for",
                 "[INV-58]") {
  close();
  auto access = GENERATE(sqlite_access::read_only, sqlite_access::read_write);
  auto database = open_as(path(), access);
  REQUIRE(problem(database) == "");
  CHECK(setting(*database, "journal_mode") == "wal");
  CHECK(setting(*database, "synchronous") == "2");
  CHECK(setting(*database, "mmap_size") == "0");
  CHECK(setting(*database, "wal_autocheckpoint") == "0");
  CHECK(setting(*database, "cell_size_check") == "1");
  CHECK(setting(*database, "trusted_schema") == "0");
  CHECK(setting(*database, "secure_delete") == "2");
  CHECK(setting(*database, "temp_store") == "2");
  CHECK(setting(*database, "busy_timeout") == "250");
  CHECK(setting(*database, "page_size") == "4096");
  CHECK(setting(*database, "auto_vacuum") == "2");
  CHECK(setting(*database, "query_only") == (access == sqlite_access::read_only ? "1" : "0"));
}

TEST_CASE_METHOD(sqlite_fixture, "a setting that does not take effect is an error", "[INV-58]") {
  close();
  auto database = open_as(path(), sqlite_access::read_write);
  REQUIRE(problem(database) == "");
  // Defensive mode keeps the journal on.
  auto refused = database->set_pragma("journal_mode", "OFF", "off");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().text, matchers::ContainsSubstring("journal_mode is wal"));
}

TEST_CASE_METHOD(sqlite_fixture, "a second read-write connection to a file is never made",
                 "[INV-57]") {
  CHECK_THROWS_AS(open_as(path(), sqlite_access::read_write), base::invariant_violation);
  std::filesystem::create_symlink(path(), dir / "alias.db");
  CHECK_THROWS_AS(open_as(dir / "alias.db", sqlite_access::read_write), base::invariant_violation);
  auto files = sqlite_open_files();
  REQUIRE(files.size() == 1);
  CHECK(files[0].writers == 1);
}

TEST_CASE_METHOD(sqlite_fixture, "the list of open files empties when all is closed") {
  auto reader = open_reader();
  REQUIRE(sqlite_open_files().size() == 1);
  CHECK(sqlite_open_files()[0].readers == 1);
  close();
  CHECK(is_open_in_sqlite(path()));
  reader.reset();
  CHECK(sqlite_open_files().empty());
  CHECK_FALSE(is_open_in_sqlite(path()));
}

TEST_CASE_METHOD(sqlite_fixture, "a reader can neither write nor checkpoint", "[INV-57]") {
  put("k", "1");
  auto reader = open_as(path(), sqlite_access::read_only);
  REQUIRE(problem(reader) == "");
  CHECK_FALSE(reader->execute("DELETE FROM state_machine_kv"));
  int frames = 0;
  int copied = 0;
  CHECK(sqlite3_wal_checkpoint_v2(reader->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &frames,
                                  &copied)
        != SQLITE_OK);
}

TEST_CASE_METHOD(sqlite_fixture, "closing a connection does not checkpoint") {
  put("k", "1");
  auto bytes = machine->wal().bytes;
  REQUIRE(bytes > 0);
  close();
  CHECK(std::filesystem::file_size(wal_path(path())) == bytes);
}

TEST_CASE_METHOD(sqlite_fixture, "the files are for their owner alone") {
  put("k", "1");
  for (const auto& file : {path(), wal_path(path()), shm_path(path())}) {
    struct stat facts{};
    REQUIRE(::stat(file.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 0777) == 0600);
  }
}

TEST_CASE_METHOD(sqlite_fixture, "a database of another program is refused", "[INV-64]") {
  close();
  tests::raw_sqlite(path()).run("PRAGMA application_id = 42");
  auto opened = try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == base::errc::incompatible);
  CHECK_THAT(opened.error().text, matchers::ContainsSubstring("application id is 42"));
}

TEST_CASE_METHOD(sqlite_fixture, "a database of a later version is refused, naming both",
                 "[INV-64]") {
  close();
  tests::raw_sqlite(path()).run("PRAGMA user_version = 7");
  auto opened = try_open();
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == base::errc::incompatible);
  CHECK_THAT(opened.error().text, matchers::ContainsSubstring("schema version 7"));
  CHECK_THAT(opened.error().text, matchers::ContainsSubstring("reads version 1"));
}

TEST_CASE_METHOD(sqlite_fixture, "a file that is no database is corrupt, a missing one missing") {
  close();
  std::ofstream(path(), std::ios::trunc) << std::string(8192, 'x');
  std::filesystem::remove(wal_path(path()));
  CHECK(try_open().error().code == base::errc::corrupt);
  std::filesystem::remove(path());
  CHECK(try_open().error().code == base::errc::not_found);
}

TEST_CASE_METHOD(sqlite_fixture, "an empty file is not taken for a new database", "[INV-64]") {
  close();
  std::ofstream(path(), std::ios::trunc);
  std::filesystem::remove(wal_path(path()));
  CHECK(try_open().error().code == base::errc::incompatible);
}

TEST_CASE_METHOD(sqlite_fixture, "a database that exists is not made again") {
  auto again = sqlite_state_machine::create(options, tests::test_identity());
  REQUIRE_FALSE(again);
  CHECK(again.error().code == base::errc::invalid);
}

TEST_CASE_METHOD(sqlite_fixture, "a database whose making was cut short is made afresh") {
  auto other = options;
  other.path = dir / "other.db";
  std::ofstream(other.path + ".creating") << "half a database";
  std::ofstream(other.path + ".creating-journal") << "and its journal";
  CHECK(problem(sqlite_state_machine::create(other, tests::test_identity())) == "");
  CHECK_FALSE(std::filesystem::exists(other.path + ".creating"));
}

TEST_CASE_METHOD(sqlite_fixture, "a transaction that is not committed leaves nothing") {
  close();
  auto database = open_as(path(), sqlite_access::read_write);
  REQUIRE(problem(database) == "");
  {
    auto transaction = sqlite_transaction::begin_write(*database);
    REQUIRE(transaction);
    REQUIRE(database->execute("DELETE FROM node_local"));
  }
  CHECK_FALSE(database->is_in_transaction());
  CHECK(*database->query_text("SELECT count(*) FROM node_local") != "0");
}

TEST_CASE("SQLite's codes mean what they mean to us") {
  CHECK(errc_of_sqlite(SQLITE_IOERR_FSYNC) == base::errc::sync_failed);
  CHECK(errc_of_sqlite(SQLITE_IOERR_WRITE) == base::errc::io);
  CHECK(errc_of_sqlite(SQLITE_IOERR_SHORT_READ) == base::errc::corrupt);
  CHECK(errc_of_sqlite(SQLITE_CORRUPT_VTAB) == base::errc::corrupt);
  CHECK(errc_of_sqlite(SQLITE_NOTADB) == base::errc::corrupt);
  CHECK(errc_of_sqlite(SQLITE_FULL) == base::errc::storage_full);
  CHECK(errc_of_sqlite(SQLITE_BUSY_RECOVERY) == base::errc::busy);
  CHECK(errc_of_sqlite(SQLITE_INTERRUPT) == base::errc::interrupted);
  CHECK(errc_of_sqlite(SQLITE_NOMEM) == base::errc::resource);
}
