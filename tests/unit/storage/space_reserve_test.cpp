// SPDX-License-Identifier: Apache-2.0
#include "storage/space_reserve.hpp"

#include <sys/stat.h>

#include <fstream>

#include "base/limits.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

using base::limits::mebibyte;
using storage::space_reserve;

namespace {

struct reserved_disk {
  tests::temp_dir directory;
  std::string path = (directory.path() / "disk-reserve").string();

  /// Bytes that the file really holds.
  std::uint64_t held() const {
    struct stat found{};
    return ::stat(path.c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_blocks) * 512
                                             : 0;
  }
};

} // namespace

TEST_CASE("INV-150 a reserve holds its space, is given up once, and is made again") {
  reserved_disk disk;
  space_reserve reserve(disk.path, 4 * mebibyte);
  CHECK(disk.held() == 0);
  reserve.begin();
  CHECK(disk.held() >= 4 * mebibyte);
  CHECK_FALSE(reserve.is_out());
  CHECK(reserve.trouble().empty());
  CHECK_FALSE(reserve.look());
  CHECK(reserve.release());
  CHECK(disk.held() == 0);
  CHECK(reserve.is_out());
  CHECK_THAT(reserve.trouble(), matchers::ContainsSubstring("until 8.0 MB are free"));
  CHECK_FALSE(reserve.release());
  CHECK(reserve.look());
  CHECK(disk.held() >= 4 * mebibyte);
  CHECK_FALSE(reserve.is_out());
}

TEST_CASE("a reserve that is there is kept, and one of another size is made anew") {
  reserved_disk disk;
  space_reserve(disk.path, 4 * mebibyte).begin();
  struct stat before{};
  REQUIRE(::stat(disk.path.c_str(), &before) == 0);
  space_reserve(disk.path, 4 * mebibyte).begin();
  struct stat after{};
  REQUIRE(::stat(disk.path.c_str(), &after) == 0);
  CHECK(before.st_ino == after.st_ino);
  CHECK(before.st_mtim.tv_nsec == after.st_mtim.tv_nsec);
  space_reserve(disk.path, 2 * mebibyte).begin();
  CHECK(disk.held() < 4 * mebibyte);
}

TEST_CASE("a reserve of nothing is never out and leaves no file") {
  reserved_disk disk;
  std::ofstream(disk.path) << "of an earlier configuration";
  space_reserve reserve(disk.path, 0);
  reserve.begin();
  CHECK_FALSE(std::filesystem::exists(disk.path));
  CHECK_FALSE(reserve.release());
  CHECK_FALSE(reserve.is_out());
  CHECK(reserve.trouble().empty());
}

TEST_CASE("a reserve that cannot be kept is out from the start, and says so") {
  reserved_disk disk;
  // A directory in its place cannot be unlinked or written, as if there were no space.
  std::filesystem::create_directory(disk.path);
  space_reserve reserve(disk.path, 4 * mebibyte);
  reserve.begin();
  CHECK(reserve.is_out());
  CHECK_FALSE(reserve.trouble().empty());
}
