// SPDX-License-Identifier: Apache-2.0
// A snapshot file holds the state, and nothing but a whole one gets its name.
#include <filesystem>

#include "storage/lmdb_inspect.hpp"
#include "storage/sqlite_inspect.hpp"
#include "tests/support/state_machine_fixture.hpp"

namespace {

using namespace storage;
using tests::state_machine_fixture;

/// Each test runs once for every backend that has files.
class any_machine : public state_machine_fixture {
public:
  any_machine() : any_machine(GENERATE("sqlite", "lmdb")) {}

  std::string snapshot_path() const { return dir() / "snapshot"; }

  snapshot_report take_snapshot() {
    auto report = machine().write_snapshot(snapshot_path());
    INFO((report ? "" : base::to_string(report.error())));
    REQUIRE(report);
    return *report;
  }

  std::unique_ptr<state_inspection> inspect(const std::string& path) {
    auto inspection = is_sqlite_ ? inspect_sqlite(path) : inspect_lmdb(path, 256 << 20);
    INFO((inspection ? "" : base::to_string(inspection.error())));
    REQUIRE(inspection);
    return std::move(*inspection);
  }

private:
  explicit any_machine(std::string backend)
    : state_machine_fixture(backend), is_sqlite_(backend == "sqlite") {}

  bool is_sqlite_;
};

} // namespace

TEST_CASE_METHOD(any_machine, "a snapshot file holds the state of its moment", "[INV-65]") {
  put("a", "1");
  put("b", std::string(100000, 'b'));
  put(std::string(1000, 'c'), "long");
  auto meta = machine().meta();
  auto report = take_snapshot();
  put("a", "2");
  CHECK(report.meta == meta);
  CHECK(report.rows == 3);
  CHECK(report.file_bytes == std::filesystem::file_size(snapshot_path()));
  auto inspection = inspect(snapshot_path());
  CHECK(inspection->facts().meta == meta);
  CHECK(inspection->facts().identity == tests::test_identity());
  CHECK(inspection->facts().meta_is_sealed);
  CHECK(inspection->facts().local_is_sealed);
  CHECK(inspection->check_structure());
  CHECK(inspection->verify_rows([] { return true; }) == meta.digest);
}

TEST_CASE_METHOD(any_machine, "a snapshot replaces an older one and leaves no partial file",
                 "[INV-65]") {
  put("a", "1");
  take_snapshot();
  put("a", "2");
  auto report = take_snapshot();
  CHECK(report.meta == machine().meta());
  for (const auto& entry : std::filesystem::directory_iterator(dir().path()))
    CHECK_THAT(entry.path().string(), !matchers::ContainsSubstring("partial"));
}

TEST_CASE_METHOD(any_machine, "a snapshot that cannot be written says so and leaves no file") {
  auto report = machine().write_snapshot(dir() / "no such directory/snapshot");
  CHECK_FALSE(report);
  put("a", "1");
  CHECK(get("a").value == "1");
}

TEST_CASE_METHOD(any_machine, "a closed state machine tells its facts") {
  put("a", "1");
  source.begin_term(raft::term{4});
  put("a", "2");
  auto meta = machine().meta();
  close();
  auto inspection = inspect(path());
  CHECK(inspection->facts().meta == meta);
  CHECK(inspection->facts().meta.last_applied == raft::entry_id{raft::log_index{2}, raft::term{4}});
  CHECK(inspection->facts().watermark == log_watermark{2, raft::log_index{2}});
  CHECK(inspection->facts().meta_is_sealed);
  CHECK(inspection->check_structure());
  CHECK(inspection->verify_rows([] { return true; }) == meta.digest);
}
