// SPDX-License-Identifier: Apache-2.0
#include "trace/dump_store.hpp"

#include <filesystem>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/recorder.hpp"

using namespace trace;

namespace {

constexpr std::size_t ring_bytes = ring_file_bytes_min;

recorder started_in(dump_store& store) {
  auto ring = store.make_ring(ring_bytes);
  REQUIRE(ring);
  return recorder(std::move(*ring), {1, {}});
}

void record_some(recorder& ring, std::size_t count) {
  event what;
  what.actor = ring.id_of("raft");
  what.kind = event_kind::handled;
  for (what.time_ns = 1; what.time_ns <= count; ++what.time_ns)
    ring.record(what);
}

} // namespace

TEST_CASE("the ring of the process before is kept as a dump that says how it ended", "[trace]") {
  tests::temp_dir directory("trace");
  dump_store store(directory / "trace", 8);
  CHECK(list_dumps(directory / "trace").empty());
  {
    auto ring = started_in(store);
    record_some(ring, 10);
  }
  {
    auto ring = started_in(store);
    ring.note_signal(11);
  }
  {
    auto ring = started_in(store);
    ring.note_end();
  }
  started_in(store);
  auto dumps = list_dumps(directory / "trace");
  REQUIRE(dumps.size() == 3);
  std::string all;
  for (const auto& each : dumps)
    all += each.name + " ";
  CHECK_THAT(all, matchers::ContainsSubstring("-killed.trace"));
  CHECK_THAT(all, matchers::ContainsSubstring("-signal-11.trace"));
  CHECK_THAT(all, matchers::ContainsSubstring("-last-run.trace"));
  for (const auto& each : dumps)
    if (each.trigger == "signal-11")
      CHECK(each.reason == "the process before ended by signal 11, SIGSEGV");
    else
      CHECK_THAT(each.reason, matchers::StartsWith("the process before ended "));
}

TEST_CASE("a dump says what had it kept, and why in words", "[trace]") {
  tests::temp_dir directory("trace");
  dump_store store(directory / "trace", 8);
  auto ring = started_in(store);
  record_some(ring, 10);
  auto now = ring.read();
  now.reason = "a message to raft waited 7000 ms";
  REQUIRE(store.write(now, name_of_dump("slow-mailbox")));
  auto dumps = list_dumps(directory / "trace");
  REQUIRE(dumps.size() == 1);
  CHECK(dumps[0].trigger == "slow-mailbox");
  CHECK(dumps[0].reason == now.reason);
  now.reason = std::string(1000, 'x');
  REQUIRE(store.write(now, name_of_dump("zzz")));
  CHECK(read_ring_file(*store.path_of(list_dumps(directory / "trace")[0].name))->reason
        == std::string(255, 'x'));
}

TEST_CASE("one trigger that comes again and again does not push out the others", "[trace]") {
  tests::temp_dir directory("trace");
  dump_store store(directory / "trace", 8);
  auto ring = started_in(store);
  REQUIRE(store.write(ring.read(), "20260101T000000.000Z-raft-ended.trace"));
  for (int i = 100; i < 120; ++i)
    REQUIRE(
        store.write(ring.read(), "20260101T000001." + std::to_string(i) + "Z-slow-request.trace"));
  auto dumps = list_dumps(directory / "trace");
  REQUIRE(dumps.size() == 3);
  CHECK(dumps[2].trigger == "raft-ended");
}

TEST_CASE("a dump holds what was recorded, on every thread", "[trace]") {
  tests::temp_dir directory("trace");
  dump_store store(directory / "trace", 8);
  auto ring = started_in(store);
  record_some(ring, 1000);
  std::thread([&] { record_some(ring, 600); }).join();
  auto now = ring.read();
  auto name = name_of_dump("Slow Request!");
  CHECK_THAT(name, matchers::EndsWith("--low--equest-.trace"));
  REQUIRE(store.write(now, name));
  auto path = store.path_of(name);
  REQUIRE(path);
  auto read = read_ring_file(*path);
  REQUIRE(read);
  CHECK(read->names == now.names);
  CHECK(read->unix_ns == now.unix_ns);
  CHECK(read->events.size() == 1600);
  auto by_thread = [](const recorded_event& left, const recorded_event& right) {
    return std::pair(left.thread, left.event.time_ns)
           < std::pair(right.thread, right.event.time_ns);
  };
  std::sort(now.events.begin(), now.events.end(), by_thread);
  std::sort(read->events.begin(), read->events.end(), by_thread);
  CHECK(read->events == now.events);
}

TEST_CASE("the newest dumps are kept", "[trace]") {
  tests::temp_dir directory("trace");
  dump_store store(directory / "trace", 3);
  auto ring = started_in(store);
  for (char letter = 'a'; letter <= 'f'; ++letter)
    REQUIRE(store.write(ring.read(), name_of_dump(std::string(1, letter))));
  auto dumps = list_dumps(directory / "trace");
  CHECK(dumps.size() == 3);
  CHECK(store.path_of("../ring").error().code == base::errc::not_found);
}
