// SPDX-License-Identifier: Apache-2.0
#include "trace/merge.hpp"

#include <algorithm>

#include "tests/support/catch.hpp"
#include "trace/export.hpp"

using namespace trace;

namespace {

constexpr std::uint64_t microsecond = 1000;

/// What one node records; times are true ones, in microseconds, and its clock is off by `ahead_us`.
class node_tape {
public:
  node_tape(std::uint64_t node_id, std::int64_t ahead_us) : ahead_us_(ahead_us) {
    made.node_id = node_id;
    made.names = {"", "raft", "append_entries", "append_entries_reply", "persist"};
    made.steady_ns = 5'000 * microsecond * node_id; // another beginning on each machine
    made.unix_ns = 1'000'000 * microsecond;
  }
  node_tape& says(std::uint64_t to, name_id rpc, std::uint64_t value, std::int64_t at_us) {
    return add(event_kind::rpc_sent, to, rpc, value, at_us);
  }
  node_tape& hears(std::uint64_t from, name_id rpc, std::uint64_t value, std::int64_t at_us) {
    return add(event_kind::rpc_received, from, rpc, value, at_us);
  }
  node_tape& handles(span_id span, std::int64_t at_us) {
    for (auto kind : {event_kind::sent, event_kind::received, event_kind::handled})
      push({0, {}, span, 0, 0, 1, 0, 4, kind}, at_us);
    return *this;
  }

  recording made;

private:
  node_tape& add(event_kind kind, std::uint64_t peer, name_id rpc, std::uint64_t value,
                 std::int64_t at_us) {
    auto name = "node " + std::to_string(peer);
    auto found = std::ranges::find(made.names, name);
    if (found == made.names.end())
      found = made.names.insert(found, name);
    push({0, {}, 1, 0, value, 1, static_cast<name_id>(found - made.names.begin()), rpc, kind},
         at_us);
    return *this;
  }
  void push(event what, std::int64_t at_us) {
    what.time_ns = made.steady_ns + static_cast<std::uint64_t>(at_us + ahead_us_) * microsecond;
    made.events.push_back({what, 7});
  }

  std::int64_t ahead_us_;
};

constexpr name_id append = 2;
constexpr name_id reply = 3;

/// 300 us there and 100 us back; node 2 is ahead by five seconds.
std::vector<recording> leader_and_follower() {
  node_tape leader(1, 0);
  node_tape follower(2, 5'000'000);
  leader.says(2, append, 10, 1'000).hears(2, reply, 10, 1'400);
  follower.hears(1, append, 10, 1'300).handles(1, 1'300).says(1, reply, 10, 1'300);
  leader.says(2, append, 11, 2'000);
  follower.hears(1, append, 11, 3'000);
  return {leader.made, follower.made};
}

} // namespace

TEST_CASE("what was said once and heard once is an exchange", "[trace][merge]") {
  auto all = leader_and_follower();
  CHECK(find_exchanges(all).size() == 3);
  auto beat = all[0].events[0]; // said again: which of the two was heard?
  all[0].events.push_back(beat);
  CHECK(find_exchanges(all).size() == 2);
}

TEST_CASE("two clocks are compared by the fastest message in each direction", "[trace][merge]") {
  auto all = leader_and_follower();
  auto clocks = compare_clocks(all, find_exchanges(all));
  CHECK(clocks[0].ahead_ns == 0);
  CHECK(clocks[0].within_ns == 0);
  REQUIRE(clocks[1].within_ns);
  auto off = clocks[1].ahead_ns - std::int64_t{5'000'000 * microsecond};
  CHECK(off == std::int64_t{100 * microsecond});
  CHECK(*clocks[1].within_ns == 200 * microsecond);
}

TEST_CASE("who never heard the first is compared through others", "[trace][merge]") {
  auto all = leader_and_follower();
  node_tape third(3, -2'000'000);
  third.says(2, reply, 40, 5'000'000).hears(2, append, 41, 5'000'300);
  all.push_back(third.made);
  node_tape second(2, 5'000'000);
  second.hears(3, reply, 40, 5'000'100).says(3, append, 41, 5'000'200);
  // Its names are its own: what it says of the third comes from another tape.
  for (auto each : second.made.events) {
    auto name = std::ranges::find(all[1].names, second.made.names[each.event.other]);
    if (name == all[1].names.end())
      name = all[1].names.insert(name, second.made.names[each.event.other]);
    each.event.other = static_cast<name_id>(name - all[1].names.begin());
    all[1].events.push_back(each);
  }
  auto clocks = compare_clocks(all, find_exchanges(all));
  REQUIRE(clocks[2].within_ns);
  auto off = clocks[2].ahead_ns + std::int64_t{2'000'000 * microsecond};
  CHECK(std::abs(off) <= std::int64_t(*clocks[2].within_ns));
  CHECK(*clocks[2].within_ns == 300 * microsecond);
}

TEST_CASE("a clock of which no message tells is taken for what it says", "[trace][merge]") {
  node_tape one(1, 0);
  node_tape two(2, 0);
  one.handles(1, 10);
  two.handles(1, 20);
  std::vector<recording> all{one.made, two.made};
  auto clocks = compare_clocks(all, find_exchanges(all));
  CHECK(clocks[1].ahead_ns == 0);
  CHECK_FALSE(clocks[1].within_ns);
  CHECK(merge(all, clocks).events.size() == 6);
}

TEST_CASE("with one direction alone nothing is heard before it was said", "[trace][merge]") {
  node_tape one(1, 0);
  node_tape two(2, -700);
  one.says(2, append, 1, 1'000);
  two.hears(1, append, 1, 1'100);
  std::vector<recording> all{one.made, two.made};
  auto clocks = compare_clocks(all, find_exchanges(all));
  CHECK(clocks[1].ahead_ns == -std::int64_t{600 * microsecond});
  CHECK_FALSE(clocks[1].within_ns);
}

TEST_CASE("merged events stand in the order in which they happened", "[trace][merge]") {
  auto all = leader_and_follower();
  for (bool are_compared : {true, false}) { // whatever the clocks say
    std::vector<server_clock> clocks(2);
    if (are_compared)
      clocks = compare_clocks(all, find_exchanges(all));
    auto merged = merge(all, clocks);
    REQUIRE(merged.events.size() == all[0].events.size() + all[1].events.size());
    CHECK(std::ranges::is_sorted(merged.events, {},
                                 [](const auto& each) { return each.event.time_ns; }));
    REQUIRE(merged.heard_from.size() == 3);
    for (const auto& [heard, said] : merged.heard_from) {
      CHECK(said < heard);
      CHECK(merged.events[said].event.kind == event_kind::rpc_sent);
      CHECK(merged.events[heard].event.kind == event_kind::rpc_received);
    }
  }
}

TEST_CASE("actors, messages and threads of two nodes keep apart", "[trace][merge]") {
  node_tape one(1, 0);
  node_tape two(2, 0);
  one.handles(1, 10);
  two.handles(1, 10);
  auto merged = merge(std::vector{one.made, two.made}, std::vector<server_clock>(2));
  std::vector<std::string> actors;
  std::vector<span_id> spans;
  for (const auto& [event, thread] : merged.events)
    if (event.kind == event_kind::handled) {
      actors.push_back(merged.name_of(event.actor));
      spans.push_back(event.span);
    }
  CHECK(actors == std::vector<std::string>{"node 1/raft", "node 2/raft"});
  CHECK(spans[0] != spans[1]);
}

TEST_CASE("contradictions between recordings stop nothing", "[trace][merge]") {
  node_tape one(1, 0);
  node_tape two(2, 0);
  one.hears(2, reply, 5, 10).says(2, append, 6, 20); // each is heard before it is said
  two.hears(1, append, 6, 10).says(1, reply, 5, 20);
  std::vector<recording> all{one.made, two.made};
  CHECK(merge(all, compare_clocks(all, find_exchanges(all))).events.size() == 4);
}

TEST_CASE("what one node heard of another is an edge of the diagram", "[trace][merge]") {
  auto all = leader_and_follower();
  auto text = to_shiviz(merge(all, compare_clocks(all, find_exchanges(all))));
  CHECK_THAT(text,
             matchers::ContainsSubstring(R"(node_2/raft {"node_1/raft": 1, "node_2/raft": 1})"));
  CHECK_THAT(to_perfetto(merge(all, std::vector<server_clock>(2))),
             matchers::ContainsSubstring(R"("cat":"peers","name":"append_entries")"));
}
