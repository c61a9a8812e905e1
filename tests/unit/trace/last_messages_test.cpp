// SPDX-License-Identifier: Apache-2.0
#include "trace/last_messages.hpp"

#include "tests/support/catch.hpp"

using namespace trace;

namespace {

/// Actor 1 is "raft", actor 2 "log_writer"; message 3 is "tick".
struct script {
  recording what;
  std::uint64_t now = 1000;

  script() { what.names = {"", "raft", "log_writer", "tick"}; }
  void add(event_kind kind, name_id actor, span_id span, std::uint64_t value, name_id other = 0) {
    event one;
    one.time_ns = now++;
    one.kind = kind;
    one.actor = actor;
    one.other = other;
    one.message = 3;
    one.span = span;
    one.value = value;
    what.events.push_back({one, 7});
  }
};

} // namespace

TEST_CASE("the last messages of an actor are its own, the oldest first", "[trace]") {
  script told;
  for (span_id span = 1; span <= 20; ++span) {
    told.add(event_kind::received, span % 2 == 0 ? 1 : 2, span, span * 10, 2);
    told.add(event_kind::handled, span % 2 == 0 ? 1 : 2, span, span);
  }
  auto last = last_messages_of(told.what, "raft", 3);
  REQUIRE(last.size() == 3);
  CHECK(last[0].waited_ns == 160);
  CHECK(last[2].waited_ns == 200);
  CHECK(last[2].handled_ns == 20);
  CHECK(last[2].message == "tick");
  CHECK(last[2].from == "log_writer");
  CHECK(last[2].is_finished);
  CHECK(last_messages_of(told.what, "raft", 100).size() == 10);
  CHECK(last_messages_of(told.what, "nobody", 3).empty());
}

TEST_CASE("the message in which an actor ended is not finished", "[trace]") {
  script told;
  told.add(event_kind::received, 1, 5, 10);
  told.add(event_kind::exited, 1, 0, 0);
  auto last = last_messages_of(told.what, "raft", 3);
  REQUIRE(last.size() == 1);
  CHECK(!last[0].is_finished);
}
