// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/cluster.hpp"

#include "tests/support/catch.hpp"

// Rules: every one that tests/sim/oracle.hpp and raft/invariants.hpp name, after every step.
TEST_CASE("clusters keep every rule through storms, recover, and serve linearizably",
          "[sim][INV-02][INV-11][INV-15][INV-16][INV-21][INV-22]") {
  sim::report sum;
  constexpr std::uint64_t seeds = 200;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    sim::settings what;
    what.seed = seed;
    what.storm = 30 * sim::second;
    auto found = sim::simulate(what);
    INFO(found.why << "\nreplay with: scripts/dev sim " << seed << " --seconds 30");
    REQUIRE(found.is_ok);
    sum.elections += found.elections;
    sum.truncations += found.truncations;
    sum.crashes += found.crashes;
    sum.pauses += found.pauses;
    sum.partitions += found.partitions;
    sum.writes_done += found.writes_done;
    sum.reads_done += found.reads_done;
    sum.unknown += found.unknown;
  }
  // They must have been lives, not idling.
  CHECK(sum.elections > 3 * seeds);
  CHECK(sum.truncations > seeds / 5);
  CHECK(sum.crashes > 5 * seeds);
  CHECK(sum.pauses > seeds / 2);
  CHECK(sum.partitions > 3 * seeds);
  CHECK(sum.writes_done > 100 * seeds);
  CHECK(sum.reads_done > 100 * seeds);
  CHECK(sum.unknown > seeds);
}

TEST_CASE("equal seeds give equal lives, and others do not", "[sim]") {
  sim::settings what;
  what.seed = 7;
  what.storm = 10 * sim::second;
  auto first = sim::simulate(what);
  auto again = sim::simulate(what);
  CHECK(first.fingerprint == again.fingerprint);
  CHECK(first.steps == again.steps);
  what.seed = 8;
  CHECK(sim::simulate(what).fingerprint != first.fingerprint);
}
