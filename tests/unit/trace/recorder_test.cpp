// SPDX-License-Identifier: Apache-2.0
#include "trace/recorder.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <limits>
#include <set>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/support/catch.hpp"
#include "tests/support/temp_dir.hpp"
#include "trace/dump_file.hpp"
#include "trace/selection.hpp"

using namespace trace;

namespace {

constexpr std::size_t ring_bytes = ring_file_bytes_min;
constexpr std::size_t slots_of_ring =
    (ring_bytes - sizeof(layout::header)) / sizeof(layout::chunk) * layout::slots_per_chunk;

ring_memory memory() {
  auto made = ring_memory::in_memory(ring_bytes);
  REQUIRE(made);
  return std::move(*made);
}

event numbered(std::uint64_t number) {
  event what;
  what.time_ns = number;
  what.span = number;
  what.parent = number + 1;
  what.value = number * 3;
  what.trace = base::uuid_from_name(std::to_string(number % 7));
  what.actor = static_cast<name_id>(number % 5);
  what.other = static_cast<name_id>(number % 11);
  what.message = static_cast<name_id>(number % 13);
  what.kind = event_kind::received;
  return what;
}

} // namespace

TEST_CASE("what is recorded is read back, in the order of time", "[trace]") {
  recorder ring(memory(), {3, base::uuid_from_name("boot")});
  for (auto number : {2, 1, 3})
    ring.record(numbered(static_cast<std::uint64_t>(number)));
  auto read = ring.read();
  CHECK(read.node_id == 3);
  CHECK(read.boot == base::uuid_from_name("boot"));
  CHECK(read.process_id == static_cast<std::uint64_t>(::getpid()));
  REQUIRE(read.events.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(read.events[i].event == numbered(i + 1));
    CHECK(read.events[i].thread == static_cast<std::uint64_t>(::gettid()));
  }
  CHECK(ring.read(2).events.size() == 2);
}

TEST_CASE("a full ring loses its oldest events, and only those", "[trace]") {
  recorder ring(memory(), {});
  constexpr auto total = 3 * slots_of_ring + 100;
  for (std::uint64_t number = 1; number <= total; ++number)
    ring.record(numbered(number));
  auto read = ring.read();
  REQUIRE(read.events.size() > slots_of_ring - layout::slots_per_chunk);
  REQUIRE(read.events.size() <= slots_of_ring);
  for (std::size_t i = 0; i < read.events.size(); ++i)
    if (read.events[i].event != numbered(total - read.events.size() + 1 + i))
      FAIL("event " << i << " is another");
}

TEST_CASE("a thread that was quiet while others filled the ring goes on where it may", "[trace]") {
  recorder ring(memory(), {});
  std::atomic<int> turn{0};
  std::thread quiet([&] {
    ring.record(numbered(1));
    turn = 1;
    turn.notify_one();
    turn.wait(1);
    ring.record(numbered(1'000'000));
  });
  turn.wait(0);
  for (std::uint64_t number = 2; number < 2 * slots_of_ring; ++number)
    ring.record(numbered(number));
  turn = 2;
  turn.notify_one();
  quiet.join();
  auto read = ring.read();
  CHECK(read.events.front().event.span != 1);
  CHECK(read.events.back().event == numbered(1'000'000));
}

TEST_CASE("a recording says until when something was overwritten", "[trace][INV-149]") {
  recorder ring(memory(), {});
  for (std::uint64_t number = 1; number <= slots_of_ring; ++number)
    ring.record(numbered(number));
  CHECK(ring.read().whole_since_ns == 0);
  ring.record(numbered(slots_of_ring + 1));
  auto read = ring.read();
  CHECK(read.whole_since_ns == layout::slots_per_chunk);
  CHECK(read.events.front().event == numbered(layout::slots_per_chunk + 1));
  keep_newest(read, std::numeric_limits<std::uint64_t>::max(), 10);
  CHECK(read.whole_since_ns == slots_of_ring + 1 - 10);
  auto copy = read_ring_bytes(to_ring_bytes(read));
  REQUIRE(copy);
  CHECK(copy->whole_since_ns == read.whole_since_ns);
  CHECK(copy->whole_until_ns == read.whole_until_ns);
  CHECK(copy->events == read.events);
}

TEST_CASE("what a quiet thread recorded last counts as lost when its chunk is taken",
          "[trace][INV-149]") {
  recorder ring(memory(), {});
  std::thread([&] { ring.record(numbered(slots_of_ring * 2)); }).join();
  for (std::uint64_t number = 1; number <= slots_of_ring; ++number)
    ring.record(numbered(number));
  CHECK(ring.read().whole_since_ns == slots_of_ring * 2);
}

TEST_CASE("many threads record while one reads: whole events, each once", "[trace]") {
  recorder ring(memory(), {});
  std::atomic<bool> goes_on{true};
  std::vector<std::thread> writers;
  for (std::uint64_t writer = 0; writer < 4; ++writer)
    writers.emplace_back([&ring, &goes_on, writer] {
      for (std::uint64_t i = 0; goes_on; ++i)
        ring.record(numbered(i * 4 + writer + 1));
    });
  for (int round = 0; round < 50; ++round) {
    std::set<std::uint64_t> seen;
    for (const auto& each : ring.read().events)
      if (each.event != numbered(each.event.span) || !seen.insert(each.event.span).second) {
        goes_on = false;
        FAIL_CHECK("event " << each.event.span << " is torn, or there twice");
        break;
      }
  }
  goes_on = false;
  for (auto& each : writers)
    each.join();
}

TEST_CASE("numbers of messages are unlike each other on all threads", "[trace]") {
  std::vector<std::vector<span_id>> taken(4);
  std::vector<std::thread> threads;
  for (auto& mine : taken)
    threads.emplace_back([&mine] {
      for (int i = 0; i < 5000; ++i)
        mine.push_back(next_span());
    });
  std::set<span_id> all;
  for (std::size_t i = 0; i < threads.size(); ++i) {
    threads[i].join();
    all.insert(taken[i].begin(), taken[i].end());
  }
  CHECK(all.size() == 20'000);
  CHECK(all.count(0) == 0);
}

TEST_CASE("names keep their numbers, and those without room share one", "[trace]") {
  recorder ring(memory(), {});
  auto raft = ring.id_of("raft");
  CHECK(raft != 0);
  CHECK(ring.id_of("raft") == raft);
  CHECK(ring.id_of("") == 0);
  std::set<name_id> ids;
  for (int i = 0; i < 1000; ++i)
    ids.insert(ring.id_of("a name of some length, number " + std::to_string(i)));
  CHECK(ids.size() == 1000);
  for (int i = 1000; i < 5000; ++i)
    ring.id_of("a name of some length, number " + std::to_string(i));
  auto last = ring.id_of("a name of some length, the last of all");
  auto read = ring.read();
  CHECK(read.name_of(raft) == "raft");
  CHECK(read.name_of(last) == name_table::overflow_name);
  CHECK(read.name_of(65535) == "?");
}

TEST_CASE("a recording in a file outlives a process that is killed", "[trace]") {
  tests::temp_dir directory("trace");
  auto path = directory / "ring";
  auto child = ::fork();
  if (child == 0) {
    auto made = ring_memory::in_file(path, ring_bytes);
    recorder ring(std::move(*made), {7, {}});
    auto id = ring.id_of("raft");
    for (std::uint64_t number = 1; number <= 1000; ++number)
      ring.record(numbered(number));
    ring.note_signal(id == 2 ? SIGKILL : SIGABRT);
    ::raise(SIGKILL);
  }
  REQUIRE(child > 0);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status));
  auto read = read_ring_file(path);
  REQUIRE(read);
  CHECK(read->node_id == 7);
  CHECK(read->process_id == static_cast<std::uint64_t>(child));
  CHECK(read->ended == SIGKILL);
  CHECK(read->names == std::vector<std::string>{"", "(others)", "raft"});
  REQUIRE(read->events.size() == 1000);
  CHECK(read->events.back().event == numbered(1000));
}

TEST_CASE("of more events than are wanted the newest are read, whichever thread recorded them",
          "[trace]") {
  recorder ring(memory(), {});
  // A quiet thread whose chunk was begun first, and has the newest event of all.
  std::atomic<int> turn{0};
  std::thread quiet([&] {
    ring.record(numbered(1));
    turn = 1;
    while (turn != 2)
      std::this_thread::yield();
    ring.record(numbered(100'000));
  });
  while (turn != 1)
    std::this_thread::yield();
  for (std::uint64_t number = 2; number <= 3000; ++number)
    ring.record(numbered(number));
  turn = 2;
  quiet.join();
  auto all = ring.read();
  CHECK(!all.is_cut);
  REQUIRE(all.events.size() == 3001);
  for (std::size_t wanted : {1, 2, 254, 255, 256, 1000, 2999}) {
    auto some = ring.read(0, wanted);
    CHECK(some.is_cut);
    REQUIRE(some.events.size() == wanted);
    CHECK(some.events.back().event == numbered(100'000));
    CHECK(std::equal(some.events.begin(), some.events.end(),
                     all.events.end() - static_cast<std::ptrdiff_t>(wanted)));
  }
  auto bounded = ring.read(2990, 1000);
  CHECK(bounded.events.size() == 12);
  CHECK(!bounded.is_cut);
}

TEST_CASE("texts of any kind take their share of the names and no more", "[trace]") {
  recorder ring(memory(), {});
  auto first = ring.id_of_text("a reason");
  CHECK(ring.id_of_text("a reason") == first);
  for (int i = 0; i < 10'000; ++i)
    ring.id_of_text("a reason that says number " + std::to_string(i));
  CHECK(ring.texts_left_out() > 9000);
  CHECK(ring.id_of_text("a reason") == first);
  auto others = ring.id_of_text("one more reason that is as long as those before it");
  auto name = ring.id_of("a name");
  auto read = ring.read();
  CHECK(read.name_of(others) == name_table::overflow_name);
  CHECK(read.name_of(name) == "a name");
  CHECK(read.name_of(ring.id_of_text("a reason")) == "a reason");
}

TEST_CASE("a long text is cut", "[trace]") {
  recorder ring(memory(), {});
  auto id = ring.id_of_text(std::string(500, 'x'));
  CHECK(ring.read().name_of(id) == std::string(120, 'x'));
  CHECK(ring.id_of_text(std::string(600, 'x')) == id);
}
