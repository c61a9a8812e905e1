// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "node/data_directory.hpp"
#include "node/settings_loader.hpp"
#include "storage/new_generation.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

namespace fs = std::filesystem;

node::settings settings_with(const fs::path& data_dir, const fs::path& database = {}) {
  node::setting_sources sources;
  sources.flags["cluster.data_dir"] = {"--data-dir", data_dir.string()};
  if (!database.empty())
    sources.environment.emplace_back("ASPEN_SQLITE_SM_PATH", database.string());
  return node::load_settings(sources)->values;
}

unsigned mode_of(const fs::path& path) {
  struct stat about{};
  REQUIRE(::stat(path.c_str(), &about) == 0);
  return about.st_mode & 0777;
}

} // namespace

TEST_CASE("a data directory is made with its parents, for its owner alone",
          "[data directory][INV-124]") {
  tests::temp_dir root;
  auto before = ::umask(0);
  auto opened = node::data_directory::open(settings_with(root / "a/b/node-1"));
  ::umask(before);
  REQUIRE(opened);
  CHECK(mode_of(root / "a/b/node-1") == 0700);
  CHECK(mode_of(root / "a") == 0700);
  CHECK(mode_of(root / "a/b/node-1/lock") == 0600);
}

TEST_CASE("a data directory belongs to one owner, and its holder is named",
          "[data directory][INV-124]") {
  tests::temp_dir root;
  auto first = node::data_directory::open(settings_with(root.path()));
  REQUIRE(first);
  auto second = node::data_directory::open(settings_with(root.path()));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == base::errc::locked);
  CHECK_THAT(second.error().text,
             matchers::ContainsSubstring("is in use by process " + std::to_string(::getpid())));
  CHECK_THAT(second.error().text, matchers::ContainsSubstring(root.path().string()));
}

TEST_CASE("a data directory is free again when its owner is gone", "[data directory][INV-124]") {
  tests::temp_dir root;
  REQUIRE(node::data_directory::open(settings_with(root.path())));
  CHECK(node::data_directory::open(settings_with(root.path())));
}

TEST_CASE("a lock file left behind by a kill stops nobody", "[data directory][INV-124]") {
  tests::temp_dir root;
  std::ofstream(root / "lock") << "1\n";
  CHECK(node::data_directory::open(settings_with(root.path())));
}

TEST_CASE("one database cannot be used from two data directories", "[data directory][INV-124]") {
  tests::temp_dir root;
  auto first = node::data_directory::open(settings_with(root / "1", root / "shared/sm.db"));
  REQUIRE(first);
  auto second = node::data_directory::open(settings_with(root / "2", root / "shared/sm.db"));
  REQUIRE_FALSE(second);
  CHECK(second.error().code == base::errc::locked);
  CHECK_THAT(second.error().text, matchers::ContainsSubstring("shared/sm.db"));
}

TEST_CASE("a file in the way of the data directory is named", "[data directory]") {
  tests::temp_dir root;
  std::ofstream(root / "file") << "x";
  auto opened = node::data_directory::open(settings_with(root / "file"));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == base::errc::io);
  CHECK_THAT(opened.error().text, matchers::ContainsSubstring((root / "file").string()));
}

TEST_CASE("a directory where nothing can be written is named", "[data directory]") {
  // /proc refuses new files even to root.
  auto opened = node::data_directory::open(settings_with("/proc/self"));
  REQUIRE_FALSE(opened);
  CHECK_THAT(opened.error().text,
             matchers::ContainsSubstring("directory is not writable: /proc/self"));
}

TEST_CASE("a directory whose restore came to no end is not taken for a new one",
          "[data directory][INV-147]") {
  tests::temp_dir root;
  REQUIRE(storage::mark_unfinished(root.path().string(), "the restore of x came to no end."));
  auto opened = node::data_directory::open(settings_with(root.path()));
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == base::errc::invalid);
  CHECK_THAT(opened.error().text, matchers::ContainsSubstring("the restore of x came to no end"));
  REQUIRE(storage::clear_unfinished(root.path().string()));
  CHECK(node::data_directory::open(settings_with(root.path())));
}

TEST_CASE("a backend in memory makes no directory", "[data directory]") {
  tests::temp_dir root;
  auto settings = settings_with(root / "none");
  settings.cluster.storage_backend = storage::backend::inmemory;
  REQUIRE(node::data_directory::open(settings));
  CHECK_FALSE(fs::exists(root / "none"));
}

TEST_CASE("network file systems are told by their magic number", "[data directory]") {
  CHECK(node::network_file_system(0x6969) == "NFS");
  CHECK(node::network_file_system(static_cast<int>(0xff534d42)) == "CIFS");
  CHECK(node::network_file_system(0xfe534d42) == "SMB2");
  CHECK_FALSE(node::network_file_system(0xef53));     // ext4
  CHECK_FALSE(node::network_file_system(0x01021994)); // tmpfs
}
