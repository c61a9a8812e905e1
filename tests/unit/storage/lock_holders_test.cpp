// SPDX-License-Identifier: Apache-2.0
#include "storage/lock_holders.hpp"

#include <sys/sysmacros.h>

#include "tests/unit/storage/sqlite_fixture.hpp"

namespace {

using namespace storage;

constexpr std::string_view some_locks = "1: POSIX  ADVISORY  READ 4711 fd:01:1234 124 124\n"
                                        "2: POSIX  ADVISORY  READ 4711 fd:01:1234 128 128\n"
                                        "3: POSIX  ADVISORY  WRITE 815 fd:01:1234 120 121\n"
                                        "3: -> POSIX  ADVISORY  WRITE 816 fd:01:1234 120 120\n"
                                        "4: POSIX  ADVISORY  READ 817 fd:01:1234 128 128\n"
                                        "5: POSIX  ADVISORY  WRITE 818 fd:01:9999 120 120\n"
                                        "6: FLOCK  ADVISORY  WRITE 819 00:05:7 0 EOF\n";

} // namespace

TEST_CASE("the kernel's list of locks tells who reads, writes and checkpoints") {
  auto holders = lock_holders_in(some_locks, gnu_dev_makedev(0xfd, 1), 1234);
  REQUIRE(holders.size() == 2);
  CHECK(holders[0] == lock_holder{815, "", false, true, true, false});
  CHECK(holders[1] == lock_holder{4711, "", false, false, false, true});
  CHECK(describe(holders) == "process 815, which writes; process 4711, which reads");
  CHECK(lock_holders_in("nonsense\n\n: :", 1, 2).empty());
  CHECK(describe({}) == "");
}

TEST_CASE_METHOD(tests::sqlite_fixture, "the holder of a lock on the database is found") {
  put("k", "1");
  CHECK(lock_holders(path()).empty());
  tests::raw_sqlite stranger(path());
  stranger.run("BEGIN IMMEDIATE");
  auto holders = lock_holders(path());
  REQUIRE(holders.size() == 1);
  CHECK(holders[0].is_this_process);
  CHECK(holders[0].writes);
  auto refused = try_put("k", "2");
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().text, matchers::ContainsSubstring("locks are held by"));
}
