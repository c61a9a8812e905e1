// SPDX-License-Identifier: Apache-2.0
#include "trace/ring_memory.hpp"

#include <filesystem>
#include <fstream>

#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/recording.hpp"

using namespace trace;
namespace fs = std::filesystem;

namespace {

void write_file(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

} // namespace

TEST_CASE("a ring's file is allocated in full and for its owner alone", "[trace]") {
  tests::temp_dir directory("trace");
  auto path = directory / "ring";
  auto made = ring_memory::in_file(path, ring_file_bytes_min);
  REQUIRE(made);
  CHECK(made->size() == ring_file_bytes_min);
  struct stat what{};
  REQUIRE(::stat(path.c_str(), &what) == 0);
  CHECK((what.st_mode & 0777) == 0600);
  CHECK(static_cast<std::size_t>(what.st_blocks) * 512 >= ring_file_bytes_min);
}

TEST_CASE("a ring that finds no room says so and leaves no file", "[trace]") {
  tests::temp_dir directory("trace");
  auto path = directory / "ring";
  auto made = ring_memory::in_file(path, std::size_t{1} << 62);
  REQUIRE(!made);
  CHECK_THAT(made.error().text, matchers::ContainsSubstring(path));
  CHECK(!fs::exists(path));
  CHECK(!ring_memory::in_file(directory / "missing/ring", ring_file_bytes_min));
}

TEST_CASE("a file that is no recording is refused with what it is", "[trace]") {
  tests::temp_dir directory("trace");
  auto path = directory / "ring";
  CHECK(read_ring_file(path).error().code == base::errc::not_found);
  write_file(path, "");
  CHECK(read_ring_file(path).error().code == base::errc::incompatible);
  write_file(path, std::string(sizeof(layout::header), 'x'));
  CHECK(read_ring_file(path).error().code == base::errc::incompatible);

  std::string header(sizeof(layout::header), '\0');
  header.replace(0, layout::magic.size(), layout::magic.data(), layout::magic.size());
  header[8] = 9;
  write_file(path, header);
  CHECK_THAT(read_ring_file(path).error().text, matchers::ContainsSubstring("version 9"));
  header[8] = 1;
  header[16] = 5;
  write_file(path, header);
  CHECK(read_ring_file(path).error().code == base::errc::corrupt);
  header[16] = 0;
  write_file(path, header);
  auto empty = read_ring_file(path);
  REQUIRE(empty);
  CHECK(empty->events.empty());
}

TEST_CASE("damaged names and chunks are left out", "[trace]") {
  tests::temp_dir directory("trace");
  auto path = directory / "ring";
  std::string bytes(sizeof(layout::header) + sizeof(layout::chunk), '\xff');
  bytes.replace(0, layout::magic.size(), layout::magic.data(), layout::magic.size());
  bytes.replace(8, 8, std::string("\1\0\0\0\0\0\0\0", 8));
  bytes.replace(16, 8, std::string("\1\0\0\0\0\0\0\0", 8));
  write_file(path, bytes);
  auto read = read_ring_file(path);
  REQUIRE(read);
  CHECK(read->events.empty());
}
