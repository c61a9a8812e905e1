// SPDX-License-Identifier: Apache-2.0
// Honest counts, and a WAL that begins anew when it says so (two stores, one truth: 10, 11).
#include <filesystem>
#include <fstream>

#include "tests/unit/storage/sqlite_fixture.hpp"

namespace {

using namespace storage;
using tests::problem;
using tests::raw_sqlite;

class checkpoint_fixture : public tests::sqlite_fixture {
public:
  void put_some(int count = 20) {
    for (int i = 0; i < count; ++i)
      put("key " + std::to_string(i), std::string(1000, 'v'));
  }
  bool restart() {
    auto restarted = machine->restart_wal();
    REQUIRE(problem(restarted) == "");
    return *restarted;
  }
};

} // namespace

TEST_CASE_METHOD(checkpoint_fixture, "a passive checkpoint copies every frame and keeps the file",
                 "[INV-61]") {
  put_some();
  auto before = machine->wal();
  REQUIRE(before.frames > 0);
  auto report = checkpoint(checkpoint_mode::passive);
  CHECK(report.is_complete);
  CHECK_FALSE(report.is_blocked);
  CHECK(report.frames_in_wal == before.frames);
  CHECK(report.frames_copied == report.frames_in_wal);
  CHECK(report.wal_bytes_before == before.bytes);
  CHECK(report.wal_bytes_after == before.bytes);
  CHECK(machine->wal().frames == 0);
}

TEST_CASE_METHOD(checkpoint_fixture, "a truncating checkpoint counts before it empties the file",
                 "[INV-61]") {
  put_some();
  auto before = machine->wal();
  auto report = checkpoint(checkpoint_mode::truncate);
  CHECK(report.is_complete);
  CHECK(report.frames_in_wal == before.frames);
  CHECK(report.frames_copied == before.frames);
  CHECK(report.wal_bytes_before == before.bytes);
  CHECK(report.wal_bytes_after == 0);
  CHECK(machine->wal().bytes == 0);
  CHECK(machine->wal().frames == 0);
}

TEST_CASE_METHOD(checkpoint_fixture, "a checkpoint with nothing to do is complete", "[INV-61]") {
  checkpoint(checkpoint_mode::truncate);
  auto report = checkpoint(GENERATE(checkpoint_mode::passive, checkpoint_mode::truncate));
  CHECK(report.is_complete);
  CHECK(report.frames_in_wal == 0);
}

TEST_CASE_METHOD(checkpoint_fixture, "a reader of an older state holds a checkpoint back",
                 "[INV-61]") {
  put_some();
  raw_sqlite reader(path());
  reader.run("BEGIN");
  reader.text("SELECT count(*) FROM state_machine_kv");
  put_some();
  auto mode = GENERATE(checkpoint_mode::passive, checkpoint_mode::truncate);
  auto report = checkpoint(mode);
  CHECK(report.is_blocked);
  CHECK_FALSE(report.is_complete);
  CHECK_THAT(report.blocked_by, matchers::ContainsSubstring("reader of this node"));
  CHECK(report.frames_copied > 0);
  CHECK(report.frames_copied < report.frames_in_wal);
  CHECK(report.wal_bytes_after == report.wal_bytes_before);
  CHECK_FALSE(restart());
  reader.run("COMMIT");
  CHECK(checkpoint(mode).is_complete);
}

TEST_CASE_METHOD(checkpoint_fixture, "a reader of the newest state holds back the truncation only",
                 "[INV-61]") {
  put_some();
  raw_sqlite reader(path());
  reader.run("BEGIN");
  reader.text("SELECT count(*) FROM state_machine_kv");
  auto report = checkpoint(checkpoint_mode::truncate);
  CHECK(report.is_complete);
  CHECK(report.is_blocked);
  CHECK(report.wal_bytes_after > 0);
}

TEST_CASE_METHOD(checkpoint_fixture, "our own readers hold nothing back between their calls",
                 "[INV-63]") {
  put_some();
  auto reader = open_reader();
  scan_request some;
  some.items_max = 3;
  some.bytes_max = 100000;
  REQUIRE(reader->scan(some));
  REQUIRE(reader->get("key 1"));
  REQUIRE(reader->get_many({"key 1", "key 2"}));
  put_some();
  auto report = checkpoint(checkpoint_mode::truncate);
  CHECK(report.is_complete);
  CHECK_FALSE(report.is_blocked);
}

TEST_CASE_METHOD(checkpoint_fixture, "a failed read holds nothing back either", "[INV-63]") {
  put("k", "1");
  raw_sqlite(path()).run("UPDATE state_machine_kv SET value=x'00'");
  auto reader = open_reader();
  REQUIRE_FALSE(reader->get_many({"k"}));
  scan_request all;
  all.bytes_max = 1000;
  REQUIRE_FALSE(reader->scan(all));
  put("other", "2");
  CHECK_FALSE(checkpoint(checkpoint_mode::truncate).is_blocked);
}

TEST_CASE_METHOD(checkpoint_fixture, "the WAL begins anew after a complete checkpoint",
                 "[INV-62]") {
  put_some();
  auto bytes = machine->wal().bytes;
  REQUIRE(checkpoint(checkpoint_mode::passive).is_complete);
  CHECK(restart());
  put_some(3);
  // The file is written again from its start: it has not grown.
  CHECK(machine->wal().bytes == bytes);
  CHECK(machine->wal().frames > 0);
  CHECK(machine->wal().frames < 30);
}

TEST_CASE_METHOD(checkpoint_fixture, "the WAL begins anew after a truncation too", "[INV-62]") {
  put_some();
  checkpoint(checkpoint_mode::truncate);
  CHECK(restart());
  CHECK(machine->wal().frames > 0);
}

TEST_CASE_METHOD(checkpoint_fixture, "a WAL that holds what was not copied does not begin anew",
                 "[INV-62]") {
  put_some();
  auto frames = machine->wal().frames;
  CHECK_FALSE(restart());
  CHECK(machine->wal().frames == frames);
  raw_sqlite reader(path());
  reader.run("BEGIN");
  reader.text("SELECT count(*) FROM state_machine_kv");
  REQUIRE(checkpoint(checkpoint_mode::passive).is_complete);
  put("k", "1");
  reader.run("COMMIT");
  CHECK_FALSE(restart());
}

TEST_CASE_METHOD(checkpoint_fixture,
                 "a reader that was there first keeps the WAL from beginning"
                 " anew until it leaves",
                 "[INV-62]") {
  put_some();
  raw_sqlite reader(path());
  reader.run("BEGIN");
  reader.text("SELECT count(*) FROM state_machine_kv");
  REQUIRE(checkpoint(checkpoint_mode::passive).is_complete);
  CHECK_FALSE(restart());
  CHECK_FALSE(restart());
  reader.run("COMMIT");
  CHECK(restart());
}

TEST_CASE_METHOD(checkpoint_fixture, "an apply that happens to restart the WAL is counted right") {
  put_some();
  REQUIRE(checkpoint(checkpoint_mode::passive).is_complete);
  put("k", "1");
  auto frames = machine->wal().frames;
  CHECK(frames > 0);
  auto report = checkpoint(checkpoint_mode::passive);
  CHECK(report.frames_in_wal == frames);
  CHECK(report.is_complete);
}

TEST_CASE_METHOD(checkpoint_fixture, "a restart that another commit brought about is no news",
                 "[INV-62]") {
  put_some();
  REQUIRE(checkpoint(checkpoint_mode::passive).is_complete);
  put("k", "1");
  auto frames = machine->wal().frames;
  CHECK(restart());
  CHECK(machine->wal().frames == frames);
}

TEST_CASE_METHOD(checkpoint_fixture, "restarting the WAL changes no replicated value") {
  put_some();
  auto before = machine->meta();
  checkpoint(checkpoint_mode::passive);
  REQUIRE(restart());
  CHECK(machine->meta() == before);
  reopen();
  CHECK(machine->meta() == before);
}

TEST_CASE_METHOD(checkpoint_fixture,
                 "a damaged WAL frame after a restart costs what came after,"
                 " never what came before",
                 "[INV-62]") {
  put_some();
  REQUIRE(checkpoint(checkpoint_mode::passive).is_complete);
  REQUIRE(restart());
  auto checkpointed = machine->meta();
  put_some();
  close();
  constexpr std::streamoff in_first_frame = 32 + 24 + 100;
  {
    std::fstream wal(storage::wal_path(path()), std::ios::in | std::ios::out | std::ios::binary);
    wal.seekp(in_first_frame);
    wal.put('!');
  }
  std::filesystem::remove(storage::shm_path(path()));
  REQUIRE(problem(try_open()) == "");
  CHECK(machine->meta() == checkpointed);
  CHECK(problem(machine->verify_rows([] { return true; })) == "");
}
