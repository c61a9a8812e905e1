// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_env.hpp"

#include <cerrno>
#include <filesystem>
#include <fstream>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using base::errc;
using storage::commit_step;
using storage::lmdb_access;
using storage::lmdb_environment;
using storage::lmdb_options;

constexpr std::uint64_t small_map_bytes = 1 << 20;

/// One environment in a directory of its own, with a table `t`.
class lmdb_fixture {
public:
  lmdb_fixture() { open(lmdb_access::create); }

  void open(lmdb_access access) { REQUIRE(try_open(access)); }

  base::status try_open(lmdb_access access) {
    env.reset();
    lmdb_options options{path(), access, small_map_bytes,
                         [this](commit_step step) { return step == fails_at ? fails_with : 0; }};
    auto opened = lmdb_environment::open(options);
    if (!opened)
      return base::fail(opened.error());
    env = std::move(*opened);
    return {};
  }

  std::string path() const { return dir / "test.lmdb"; }

  base::status put(const std::string& key, const std::string& value) {
    auto txn = env->begin_write();
    REQUIRE(txn);
    auto table = txn->open_table("t", true);
    REQUIRE(table);
    if (auto done = txn->put(*table, key, value); !done)
      return done;
    return txn->commit();
  }

  std::string get(const std::string& key) {
    auto txn = env->begin_read();
    REQUIRE(txn);
    auto table = txn->open_table("t", false);
    if (!table)
      return "no table";
    auto found = txn->get(*table, key);
    REQUIRE(found);
    return *found ? std::string(**found) : "nothing";
  }

  void fill() {
    for (int i = 0; put("fill" + std::to_string(i), std::string(20000, 'x')); ++i)
      REQUIRE(i < 100);
  }

  tests::temp_dir dir{"lmdb-env"};
  std::optional<commit_step> fails_at;
  int fails_with = 0;
  std::unique_ptr<lmdb_environment> env;
};

} // namespace

TEST_CASE_METHOD(lmdb_fixture, "What was committed is there after opening again", "[lmdb]") {
  REQUIRE(put("a", "1"));
  open(lmdb_access::existing);
  CHECK(get("a") == "1");
  open(lmdb_access::read_only);
  CHECK(get("a") == "1");
}

TEST_CASE_METHOD(lmdb_fixture, "A transaction that is not committed leaves nothing", "[lmdb]") {
  REQUIRE(put("a", "1"));
  {
    auto txn = env->begin_write();
    auto table = txn->open_table("t", false);
    REQUIRE(txn->put(*table, "a", "2"));
  }
  CHECK(get("a") == "1");
}

TEST_CASE_METHOD(lmdb_fixture, "A cursor walks in key order and removes what it stands on",
                 "[lmdb]") {
  for (auto key : {"b", "a", "d"})
    REQUIRE(put(key, "1"));
  auto txn = env->begin_write();
  auto table = txn->open_table("t", false);
  auto cursor = storage::lmdb_cursor::open(*txn, *table);
  REQUIRE(cursor);
  CHECK((*cursor->at_or_after("aa"))->key == "b");
  REQUIRE(cursor->remove_current());
  CHECK((*cursor->next())->key == "d");
  CHECK((*cursor->first())->key == "a");
  CHECK((*cursor->last())->key == "d");
  CHECK_FALSE(*cursor->next());
}

TEST_CASE_METHOD(lmdb_fixture, "Appending before the last key is invalid", "[lmdb]") {
  REQUIRE(put("b", "1"));
  auto txn = env->begin_write();
  auto table = txn->open_table("t", false);
  CHECK(txn->append(*table, "c", "1"));
  CHECK(txn->append(*table, "a", "1").error().code == errc::invalid);
}

TEST_CASE_METHOD(lmdb_fixture, "A missing file is not made unless asked for", "[lmdb]") {
  env.reset();
  std::filesystem::remove(path());
  CHECK(try_open(lmdb_access::existing).error().code == errc::not_found);
  CHECK(try_open(lmdb_access::read_only).error().code == errc::not_found);
  CHECK_FALSE(std::filesystem::exists(path()));
}

TEST_CASE_METHOD(lmdb_fixture, "A file that is no LMDB file is corrupt", "[lmdb]") {
  env.reset();
  for (auto content : {std::string(), std::string(8192, 'x')}) {
    std::ofstream(path(), std::ios::trunc) << content;
    CHECK(try_open(lmdb_access::existing).error().code == errc::corrupt);
  }
}

TEST_CASE_METHOD(lmdb_fixture, "The file belongs to its owner alone", "[lmdb]") {
  auto mode = std::filesystem::status(path()).permissions();
  CHECK(mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
}

TEST_CASE_METHOD(lmdb_fixture, "One file is open once in a process, under any name (INV-44)",
                 "[lmdb]") {
  std::filesystem::create_hard_link(path(), dir / "other.lmdb");
  for (auto name : {"test.lmdb", "other.lmdb"}) {
    auto second =
        lmdb_environment::open({(dir / name).string(), lmdb_access::existing, small_map_bytes, {}});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == errc::locked);
  }
  CHECK(storage::open_stores().size() == 1);
  env.reset();
  CHECK(storage::open_stores().empty());
}

TEST_CASE_METHOD(lmdb_fixture, "A full map is a full disk and the store goes on", "[lmdb]") {
  REQUIRE(put("a", "1"));
  fill();
  CHECK(put("b", std::string(20000, 'x')).error().code == errc::storage_full);
  CHECK(get("a") == "1");
  REQUIRE(env->use_reserve(true));
  CHECK(put("b", std::string(20000, 'x')));
  REQUIRE(env->use_reserve(false));
  CHECK(put("c", std::string(20000, 'x')).error().code == errc::storage_full);
}

TEST_CASE_METHOD(lmdb_fixture, "A commit that fails before the disk leaves nothing", "[lmdb]") {
  REQUIRE(put("a", "1"));
  fails_at = commit_step::before;
  fails_with = ENOSPC;
  CHECK(put("a", "2").error().code == errc::storage_full);
  fails_with = EIO;
  CHECK(put("a", "2").error().code == errc::sync_failed);
  CHECK(get("a") == "1");
}

TEST_CASE_METHOD(lmdb_fixture, "A commit that fails after the disk is reported all the same",
                 "[lmdb]") {
  fails_at = commit_step::after;
  fails_with = EIO;
  CHECK(put("a", "2").error().code == errc::sync_failed);
  CHECK(get("a") == "2");
}
