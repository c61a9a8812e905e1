// SPDX-License-Identifier: Apache-2.0
#include "actors/actor_stats.hpp"

#include "tests/support/catch.hpp"

namespace actors {

TEST_CASE("a quantile is off by at most a quarter of an octave", "[stats]") {
  duration_counter counter;
  CHECK(counter.quantile_us(0.5) == 0);
  for (std::uint64_t us = 1; us <= 1000; ++us)
    counter.add(us * 1000);
  auto median = counter.quantile_us(0.5);
  CHECK(median >= 500);
  CHECK(median <= 500 * 1.25);
  CHECK(counter.quantile_us(0.99) >= 990);
}

TEST_CASE("a restarted actor keeps its row and counts its lives", "[stats]") {
  actor_registry registry;
  auto first = registry.add("raft", "scheduled", "supervisor", 10);
  registry.record_end(*first, "broken invariant");
  registry.add("raft", "scheduled", "supervisor", 10);
  auto rows = registry.list();
  REQUIRE(rows.size() == 1);
  CHECK(rows[0].restarts == 1);
  CHECK(rows[0].last_error == "broken invariant");
}

TEST_CASE("the message in hand is named", "[stats]") {
  actor_registry registry;
  auto stats = registry.add("raft", "scheduled", "supervisor", 10);
  stats->current = &typeid(failure);
  auto row = registry.list().at(0);
  CHECK(row.current_message == "actors::failure");
  CHECK(row.state == "running");
}

} // namespace actors
