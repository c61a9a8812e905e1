// SPDX-License-Identifier: Apache-2.0
// A snapshot file on its way: out of a live database, and in place of a closed one.
#include "storage/sqlite_snapshot.hpp"

#include <fstream>
#include <thread>

#include "base/check.hpp"
#include "storage/sqlite_file_check.hpp"
#include "storage/sqlite_inspect.hpp"
#include "tests/unit/storage/sqlite_fixture.hpp"

namespace {

using namespace storage;
using tests::problem;
using tests::raw_sqlite;
using tests::sqlite_fixture;

class snapshot_fixture : public sqlite_fixture {
public:
  std::string snapshot() const { return dir / "snapshot.db"; }
  std::string partial() const { return dir / "incoming.partial"; }
  std::string ready() const { return dir / "install-2-1.db"; }

  storage::identity other_node() const {
    return {tests::test_cluster(), raft::server_id{9}, base::uuid_from_name("other life"),
            base::uuid_from_name("other log")};
  }
  base::result<snapshot_report> write() { return write_sqlite_snapshot(path(), snapshot(), {}); }
  /// A file from another node, as it arrives.
  void receive() {
    REQUIRE(problem(write()) == "");
    std::filesystem::rename(snapshot(), partial());
  }
  base::result<snapshot_report> prepare() {
    return prepare_sqlite_install(partial(), ready(), other_node(), {77, raft::log_index{2}});
  }
};

void flip_a_bit(const std::string& path, std::streamoff at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(at);
  auto byte = static_cast<char>(file.get() ^ 4);
  file.seekp(at);
  file.put(byte);
}

} // namespace

TEST_CASE_METHOD(snapshot_fixture, "a snapshot file is one file, not in WAL mode") {
  put("k", "1");
  REQUIRE(problem(write()) == "");
  std::ifstream file(snapshot(), std::ios::binary);
  file.seekg(18);
  CHECK(file.get() == 1);
  CHECK(file.get() == 1);
  CHECK_FALSE(std::filesystem::exists(snapshot() + "-wal"));
  CHECK_FALSE(std::filesystem::exists(snapshot() + "-shm"));
  CHECK_FALSE(std::filesystem::exists(snapshot() + "-journal"));
  auto report = check_sqlite_file(snapshot(), [] { return true; });
  REQUIRE(problem(report) == "");
  CHECK(report->rows == 1);
}

TEST_CASE_METHOD(snapshot_fixture, "writes meanwhile neither show in a snapshot nor restart it") {
  for (int i = 0; i < 300; ++i)
    put("key " + std::to_string(i), std::string(20000, 'v'));
  auto meta = machine->meta();
  int steps = 0;
  snapshot_watch watch;
  watch.keep_going = [&] {
    if (++steps < 4)
      put("key 0", "changed during step " + std::to_string(steps));
    return true;
  };
  auto report = write_sqlite_snapshot(path(), snapshot(), watch);
  REQUIRE(problem(report) == "");
  CHECK(steps > 2);
  CHECK(machine->meta() != meta);
  CHECK(report->rows == 300);
  // The copy's moment is its first read, which came before the first question.
  CHECK(report->meta == meta);
}

TEST_CASE_METHOD(snapshot_fixture, "a snapshot that is stopped gets no name", "[INV-65]") {
  put("k", "1");
  auto report = write_sqlite_snapshot(path(), snapshot(), {[] { return false; }});
  REQUIRE_FALSE(report);
  CHECK(report.error().code == base::errc::interrupted);
  CHECK_FALSE(std::filesystem::exists(snapshot()));
  CHECK(problem(write()) == "");
}

TEST_CASE_METHOD(snapshot_fixture, "a snapshot of a damaged state gets no name", "[INV-65]") {
  put("k", "1");
  raw_sqlite(path()).run("UPDATE state_machine_kv SET value=x'00'");
  auto report = write();
  REQUIRE_FALSE(report);
  CHECK(report.error().code == base::errc::corrupt);
  CHECK_FALSE(std::filesystem::exists(snapshot()));
}

TEST_CASE_METHOD(snapshot_fixture, "a flipped bit in a snapshot file is found, wherever it is",
                 "[INV-56]") {
  for (int i = 0; i < 40; ++i)
    put("key " + std::to_string(i), std::string(300, 'v'));
  REQUIRE(problem(write()) == "");
  auto size = static_cast<std::streamoff>(std::filesystem::file_size(snapshot()));
  int found = 0;
  int harmless = 0;
  for (std::streamoff at = 100; at < size; at += 97) {
    flip_a_bit(snapshot(), at);
    auto report = check_sqlite_file(snapshot(), [] { return true; });
    if (!report) {
      ++found;
    } else {
      // Bytes that hold nothing: what is read is what was written.
      CHECK(report->meta == machine->meta());
      CHECK(report->rows == 40);
      ++harmless;
    }
    flip_a_bit(snapshot(), at);
  }
  CAPTURE(found, harmless);
  CHECK(found > 50);
}

TEST_CASE_METHOD(snapshot_fixture, "an install makes the file this node's and nothing else") {
  put("a", "1");
  put("b", "2");
  auto meta = machine->meta();
  receive();
  auto report = prepare();
  REQUIRE(problem(report) == "");
  CHECK(report->meta == meta);
  CHECK_FALSE(std::filesystem::exists(partial()));
  auto inspection = inspect_sqlite(ready());
  REQUIRE(problem(inspection) == "");
  CHECK((*inspection)->facts().identity == other_node());
  CHECK((*inspection)->facts().watermark == log_watermark{77, raft::log_index{2}});
  CHECK((*inspection)->facts().meta == meta);
  CHECK((*inspection)->facts().local_is_sealed);
}

TEST_CASE_METHOD(snapshot_fixture, "a file of another cluster is not installed") {
  put("a", "1");
  receive();
  auto stranger = other_node();
  stranger.cluster_id = base::uuid_from_name("another cluster");
  auto report = prepare_sqlite_install(partial(), ready(), stranger, {});
  REQUIRE_FALSE(report);
  CHECK(report.error().code == base::errc::incompatible);
  CHECK_FALSE(std::filesystem::exists(ready()));
}

TEST_CASE_METHOD(snapshot_fixture, "a damaged file is not installed", "[INV-65]") {
  put("a", std::string(3000, 'v'));
  receive();
  raw_sqlite(partial()).run("UPDATE state_machine_kv SET version=9");
  CHECK(prepare().error().code == base::errc::corrupt);
  CHECK_FALSE(std::filesystem::exists(ready()));
}

TEST_CASE_METHOD(snapshot_fixture, "an installed file takes the place of the database whole",
                 "[INV-66]") {
  put("a", "old");
  put("b", "old");
  auto meta = machine->meta();
  receive();
  REQUIRE(problem(prepare()) == "");
  put("a", "newer, in the WAL");
  put("c", "newer, in the WAL");
  REQUIRE(machine->wal().frames > 0);
  CHECK_THROWS_AS(swap_sqlite_file(ready(), path()), base::invariant_violation);
  close();
  REQUIRE(problem(swap_sqlite_file(ready(), path())) == "");
  CHECK_FALSE(std::filesystem::exists(ready()));
  REQUIRE(problem(try_open()) == "");
  CHECK(machine->meta() == meta);
  CHECK(machine->identity() == other_node());
  CHECK(get("a") == "old");
  CHECK(get("c") == "(none)");
  watermark = {77, raft::log_index{3}};
  rewind();
  put("a", "goes on");
  CHECK(problem(machine->verify_rows([] { return true; })) == "");
}

TEST_CASE_METHOD(snapshot_fixture, "the writer can fold its WAL away when it is alone") {
  put("a", "1");
  {
    raw_sqlite reader(path());
    reader.run("BEGIN");
    reader.text("SELECT count(*) FROM state_machine_kv");
    CHECK(machine->give_up().error().code == base::errc::busy);
  }
  put("a", "2");
  REQUIRE(problem(machine->give_up()) == "");
  CHECK_FALSE(std::filesystem::exists(wal_path(path())));
  CHECK(try_put("a", "3").error().code == base::errc::unsupported);
  rewind();
  reopen();
  CHECK(get("a") == "2");
  CHECK(raw_sqlite(path()).text("PRAGMA journal_mode") == "wal");
}
