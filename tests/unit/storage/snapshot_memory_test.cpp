// SPDX-License-Identifier: Apache-2.0
// Making, checking and preparing a snapshot takes no more memory for a large state.
#include <filesystem>
#include <fstream>

#include "storage/install.hpp"
#include "tests/unit/storage/sqlite_fixture.hpp"

namespace {

using namespace storage;
using tests::problem;
using tests::sqlite_fixture;

constexpr std::uint64_t mebibyte = 1024 * 1024;

/// Anonymous memory of this process, in bytes.
std::uint64_t anonymous_bytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "RssAnon:") {
      std::uint64_t kibibytes = 0;
      status >> kibibytes;
      return kibibytes * 1024;
    }
  return 0;
}

/// The most that was in use whenever the work asked whether to go on.
class memory_watch {
public:
  snapshot_watch watch() {
    snapshot_watch made;
    made.keep_going = [this] {
      peak_ = std::max(peak_, anonymous_bytes());
      return true;
    };
    return made;
  }
  std::uint64_t growth() const { return peak_ - std::min(peak_, before_); }

private:
  std::uint64_t before_ = anonymous_bytes();
  std::uint64_t peak_ = 0;
};

} // namespace

TEST_CASE_METHOD(sqlite_fixture, "a snapshot of 2 GiB takes less than 200 MiB of memory") {
  constexpr int values = 2048;
  for (int i = 0; i < values; ++i) {
    put("key " + std::to_string(i), std::string(mebibyte, static_cast<char>('a' + i % 26)));
    if (i % 64 == 63) {
      REQUIRE(checkpoint(checkpoint_mode::passive).is_complete);
      REQUIRE(problem(machine->restart_wal()) == "");
    }
  }
  auto partial = (dir / "incoming.partial").string();
  memory_watch making;
  auto made = machine->open_snapshots()->write(partial, making.watch());
  REQUIRE(problem(made) == "");
  CHECK(made->file_bytes > values * mebibyte);
  CHECK(making.growth() < 200 * mebibyte);

  memory_watch preparing;
  store_paths stores{backend::sqlite, dir.path().string(), dir / "raft-log.lmdb", path()};
  auto prepared = prepare_install(stores, partial, dir / "install", tests::test_identity(),
                                  {1, raft::log_index{1}}, 0, preparing.watch());
  REQUIRE(problem(prepared) == "");
  CHECK(prepared->rows == values);
  CHECK(preparing.growth() < 200 * mebibyte);
  WARN("made with " << making.growth() / mebibyte << " MiB, prepared with "
                    << preparing.growth() / mebibyte << " MiB");
}
