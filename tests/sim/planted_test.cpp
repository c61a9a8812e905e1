// SPDX-License-Identifier: Apache-2.0
#include <iostream>

#include "tests/sim/cluster.hpp"
#include "tests/support/catch.hpp"

raft::planted_bug raft::chosen_bug = raft::planted_bug::none;

namespace {

/// The seeds it takes at most to find a planted bug.
constexpr std::uint64_t seeds_max = 400;

/// The first seed that shows the bug, and by which rule; zero: none did.
std::pair<std::uint64_t, std::string> first_seed_that_shows(const sim::planted& what) {
  raft::chosen_bug = what.inside;
  sim::settings life;
  life.planted = what.outside;
  for (life.seed = 1; life.seed <= seeds_max; ++life.seed)
    if (auto found = sim::simulate(life); !found.is_ok)
      return {life.seed, found.why.substr(0, found.why.find(" ["))};
  return {0, {}};
}

} // namespace

TEST_CASE("this build without a bug chosen keeps every rule", "[sim][planted]") {
  raft::chosen_bug = raft::planted_bug::none;
  sim::settings life;
  for (life.seed = 1; life.seed <= 20; ++life.seed) {
    auto found = sim::simulate(life);
    INFO("seed " << life.seed << ": " << found.why);
    CHECK(found.is_ok);
  }
}

TEST_CASE("every planted bug is found", "[sim][planted]") {
  std::size_t found = 0;
  for (const auto& each : sim::planted_bugs()) {
    auto [seed, why] = first_seed_that_shows(each);
    std::cout << each.name << ": "
              << (seed == 0 ? "NOT FOUND" : "seed " + std::to_string(seed) + ", " + why)
              << std::endl;
    CHECK(seed != 0);
    found += seed != 0 ? 1 : 0;
  }
  CHECK(found >= 25);
}
