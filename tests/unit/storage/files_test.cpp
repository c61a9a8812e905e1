// SPDX-License-Identifier: Apache-2.0
#include "storage/files.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using base::errc;
namespace fs = std::filesystem;

namespace {

/// Runs `work` in another process; its return value is the exit status.
template <class Work>
int in_another_process(Work work) {
  auto child = ::fork();
  if (child == 0)
    ::_exit(work());
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

} // namespace

TEST_CASE("A data directory belongs to one holder, whom the refusal names (INV-48)", "[files]") {
  tests::temp_dir dir("lock");
  auto first = storage::directory_lock::take(dir.path());
  REQUIRE(first);
  auto second = storage::directory_lock::take(dir.path());
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::locked);
  CHECK_THAT(second.error().text,
             matchers::ContainsSubstring("process " + std::to_string(::getpid())));
}

TEST_CASE("Another process cannot take the lock until its holder lets go (INV-48)", "[files]") {
  tests::temp_dir dir("lock");
  auto take = [&] { return storage::directory_lock::take(dir.path()) ? 0 : 1; };
  {
    auto held = storage::directory_lock::take(dir.path());
    REQUIRE(held);
    CHECK(in_another_process(take) == 1);
  }
  CHECK(in_another_process(take) == 0);
}

TEST_CASE("A holder that died holds nothing (INV-48)", "[files]") {
  tests::temp_dir dir("lock");
  CHECK(in_another_process([&] {
          auto held = storage::directory_lock::take(dir.path());
          ::_exit(held ? 7 : 1); // dies with the lock
          return 0;
        })
        == 7);
  CHECK(storage::directory_lock::take(dir.path()));
}

TEST_CASE("A directory that cannot be written is named", "[files]") {
  auto failed = storage::directory_lock::take("/proc/1");
  REQUIRE_FALSE(failed);
  CHECK_THAT(failed.error().text, matchers::ContainsSubstring("/proc/1/LOCK"));
}

TEST_CASE("Missing parents are made for the owner alone", "[files]") {
  tests::temp_dir dir("dirs");
  auto deep = dir / "a/b/c";
  REQUIRE(storage::make_directories(deep));
  REQUIRE(storage::make_directories(deep));
  CHECK(fs::is_directory(deep));
  CHECK(fs::status(dir / "a/b").permissions() == fs::perms::owner_all);
}

TEST_CASE("A file in the way of a directory is an error", "[files]") {
  tests::temp_dir dir("dirs");
  std::ofstream(dir / "file") << "x";
  CHECK_FALSE(storage::make_directories(dir / "file/below"));
}

TEST_CASE("Network file systems are refused by name (INV-49)", "[files]") {
  CHECK(storage::network_file_system_name(0x6969) == "NFS");
  CHECK(storage::network_file_system_name(0xFF534D42) == "CIFS");
  CHECK_FALSE(storage::network_file_system_name(0xEF53)); // ext4
}

TEST_CASE("A local directory is accepted before it exists", "[files]") {
  tests::temp_dir dir("local");
  CHECK(storage::check_local_file_system(dir / "not/yet/there"));
}

TEST_CASE("A whole file is read through, a missing one is said to be missing", "[files]") {
  tests::temp_dir dir("read");
  std::ofstream(dir / "file") << std::string(3 << 20, 'x');
  CHECK(storage::read_through(dir / "file"));
  CHECK(storage::read_through(dir / "none").error().code == errc::not_found);
}

TEST_CASE("Free space is that of the file system below the path", "[files]") {
  tests::temp_dir dir("space");
  auto found = storage::free_bytes(dir.path());
  REQUIRE(found);
  CHECK(*found == fs::space(dir.path()).available);
}
