// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_structure.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>

#include "storage/lmdb_env.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"

namespace {

using base::errc;

constexpr std::size_t page_bytes = 4096;

/// A file with two tables of small and large values and a free list.
class lmdb_file {
public:
  lmdb_file() {
    for (int i = 0; i < 300; ++i)
      put(i % 2 == 0 ? "even" : "odd", std::to_string(i),
          std::string(i % 7 == 0 ? 9000U : 50U, 'x'));
    for (int i = 0; i < 300; i += 3)
      remove(i % 2 == 0 ? "even" : "odd", std::to_string(i));
  }

  void put(const char* table, const std::string& key, const std::string& value) {
    change(table, [&](auto& txn, auto handle) { REQUIRE(txn.put(handle, key, value)); });
  }
  void remove(const char* table, const std::string& key) {
    change(table, [&](auto& txn, auto handle) { REQUIRE(txn.remove(handle, key)); });
  }
  template <class Work>
  void change(const char* table, Work work) {
    auto file =
        storage::lmdb_environment::open({path, storage::lmdb_access::create, 64U << 20, {}});
    REQUIRE(file);
    auto txn = (*file)->begin_write();
    auto handle = txn->open_table(table, true);
    REQUIRE(handle);
    work(*txn, *handle);
    REQUIRE(txn->commit());
  }

  storage::lmdb_structure check() const {
    auto found = storage::check_lmdb_structure(path);
    if (!found)
      FAIL(to_string(found.error()));
    return *found;
  }
  std::string first_fault() const {
    auto found = check();
    return found.faults.empty() ? "" : found.faults.front();
  }

  std::string read() const {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const std::string& content) const {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  }

  tests::temp_dir dir{"structure"};
  std::string path = dir / "file.lmdb";
};

std::uint16_t kind_of(const std::string& content, std::size_t page) {
  std::uint16_t kind = 0;
  std::memcpy(&kind, content.data() + page * page_bytes + 10, sizeof kind);
  return kind;
}

} // namespace

TEST_CASE_METHOD(lmdb_file, "A healthy file has no faults and every page accounted for",
                 "[structure]") {
  auto found = check();
  CHECK(found.faults.empty());
  CHECK(found.pages_free > 0);
  CHECK((found.pages_used + found.pages_free) * page_bytes >= found.file_bytes);
}

TEST_CASE_METHOD(lmdb_file, "A file cut short is found without touching the map", "[structure]") {
  auto content = read();
  for (auto keep :
       {std::size_t{0}, std::size_t{100}, page_bytes, 2 * page_bytes, content.size() / 2}) {
    write(content.substr(0, keep));
    CHECK_FALSE(first_fault().empty());
  }
}

TEST_CASE_METHOD(lmdb_file, "A page in another's place is found", "[structure]") {
  auto content = read();
  int swapped = 0;
  for (std::size_t page = 2; page + 1 < content.size() / page_bytes; ++page) {
    if (kind_of(content, page) != 2 || kind_of(content, page + 1) != 2)
      continue;
    auto damaged = content;
    std::swap_ranges(damaged.begin() + static_cast<std::ptrdiff_t>(page * page_bytes),
                     damaged.begin() + static_cast<std::ptrdiff_t>((page + 1) * page_bytes),
                     damaged.begin() + static_cast<std::ptrdiff_t>((page + 1) * page_bytes));
    write(damaged);
    swapped += first_fault().empty() ? 0 : 1;
  }
  CHECK(swapped > 0);
}

TEST_CASE_METHOD(lmdb_file, "A zeroed page that is in use is found", "[structure]") {
  auto content = read();
  auto healthy = check();
  std::size_t found = 0;
  for (std::size_t page = 0; page < content.size() / page_bytes; ++page) {
    auto damaged = content;
    std::fill_n(damaged.begin() + static_cast<std::ptrdiff_t>(page * page_bytes), page_bytes, '\0');
    write(damaged);
    found += first_fault().empty() ? 0 : 1;
  }
  // All but the free ones and the insides of large values, which have checksums of their own.
  CHECK(found > 10);
  CHECK(found <= healthy.pages_used);
}

TEST_CASE_METHOD(lmdb_file, "No damage to the structure ends the process", "[structure]") {
  auto content = read();
  std::mt19937_64 random(42); // the same flips in every run
  for (int round = 0; round < 2000; ++round) {
    auto damaged = content;
    for (int flips = 0; flips < 4; ++flips) {
      // Heads of pages and nodes, where the structure is.
      auto page = random() % (damaged.size() / page_bytes);
      auto byte = page * page_bytes + random() % 64;
      damaged[byte] = static_cast<char>(damaged[byte] ^ (1 << random() % 8));
    }
    write(damaged);
    auto found = storage::check_lmdb_structure(path);
    if (!found)
      REQUIRE(found.error().code == errc::incompatible);
  }
}

TEST_CASE_METHOD(lmdb_file, "Another data version is incompatible, naming both", "[structure]") {
  auto content = read();
  content[16 + 4] = 2;
  write(content);
  auto found = storage::check_lmdb_structure(path);
  REQUIRE_FALSE(found);
  CHECK(found.error().code == errc::incompatible);
  CHECK_THAT(found.error().text, matchers::ContainsSubstring("2 found, this program knows 1"));
}

TEST_CASE("A missing file is not found", "[structure]") {
  tests::temp_dir dir("structure");
  CHECK(storage::check_lmdb_structure(dir / "none").error().code == errc::not_found);
}
