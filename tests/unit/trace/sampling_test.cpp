// SPDX-License-Identifier: Apache-2.0
#include "trace/sampling.hpp"

#include <algorithm>
#include <span>

#include "tests/support/catch.hpp"

using namespace trace;

namespace {

base::uuid numbered(int number) {
  return base::uuid_from_name("trace " + std::to_string(number));
}

/// Events of traces, each at a time of its own.
struct tape : recording {
  tape& add(int trace, std::uint64_t time_ns, event_kind kind = event_kind::step) {
    events.push_back({{time_ns, numbered(trace), 0, 0, 0, 0, 0, 0, kind}, 1});
    return *this;
  }
};

std::vector<base::uuid> settled(const recording& what, std::uint64_t from, std::uint64_t until) {
  return find_settled(what, from, until, {1, 1000}).taken;
}

} // namespace

TEST_CASE("a trace is settled in the time of its last event", "[trace][sampling]") {
  tape told;
  told.add(1, 10).add(1, 20);
  CHECK(settled(told, 0, 20).empty());
  CHECK(settled(told, 20, 30) == std::vector{numbered(1)});
  CHECK(settled(told, 21, 30).empty());
}

TEST_CASE("a trace whose request is not answered is not settled", "[trace][sampling]") {
  tape told;
  told.add(1, 10, event_kind::http_began).add(1, 12);
  CHECK(settled(told, 0, 100).empty());
  told.add(1, 30, event_kind::http_ended);
  CHECK(settled(told, 0, 100).size() == 1);
}

TEST_CASE("a trace whose beginning is overwritten is settled all the same", "[trace][sampling]") {
  tape told;
  told.add(1, 30, event_kind::http_ended);
  CHECK(settled(told, 0, 100).size() == 1);
}

TEST_CASE("events without a trace settle nothing", "[trace][sampling]") {
  recording told;
  told.events.push_back({{10, {}, 0, 0, 0, 0, 0, 0, event_kind::step}, 1});
  CHECK(settled(told, 0, 100).empty());
}

TEST_CASE("one in so many traces is taken, about, and the same by everybody", "[trace][sampling]") {
  tape told;
  tape in_another_order;
  for (int i = 0; i < 2000; ++i) {
    told.add(i, 10);
    in_another_order.add(1999 - i, 15);
  }
  auto taken = find_settled(told, 0, 100, {10, 2000});
  CHECK(taken.taken.size() > 120);
  CHECK(taken.taken.size() < 280);
  CHECK(taken.left_out == 0);
  CHECK(find_settled(in_another_order, 0, 100, {10, 2000}).taken == taken.taken);
}

TEST_CASE("what is beyond the limit is counted, and is the same for everybody",
          "[trace][sampling]") {
  tape told;
  for (int i = 0; i < 50; ++i)
    told.add(i, 10);
  auto few = find_settled(told, 0, 100, {1, 5});
  CHECK(few.taken.size() == 5);
  CHECK(few.left_out == 45);
  auto more = find_settled(told, 0, 100, {1, 20});
  CHECK(std::ranges::equal(few.taken, std::span(more.taken).first(5)));
}
