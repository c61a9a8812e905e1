// SPDX-License-Identifier: Apache-2.0
#include "actors/figures.hpp"

#include <atomic>
#include <thread>

#include "tests/support/catch.hpp"

namespace actors {

TEST_CASE("figures are read as they were said, with their names", "[figures]") {
  published_figures place;
  CHECK(place.read().published_ns == 0);
  figure_list said;
  said.add("term", 7);
  said.add_text("role", "leader");
  place.publish(said, 42);
  auto seen = place.read();
  CHECK(seen.published_ns == 42);
  REQUIRE(seen.figures.size() == 2);
  CHECK(seen.figures[0].name == "term");
  CHECK(std::get<std::uint64_t>(seen.figures[0].value) == 7);
  CHECK(std::get<std::string_view>(seen.figures[1].value) == "leader");
}

TEST_CASE("there are sixteen figures and no more", "[figures]") {
  published_figures place;
  figure_list said;
  for (std::uint64_t i = 0; i < 20; ++i)
    said.add("n", i);
  said.add_text("t", "beyond");
  place.publish(said, 1);
  auto seen = place.read().figures;
  REQUIRE(seen.size() == figure_list::figures_max);
  CHECK(std::get<std::uint64_t>(seen.back().value) == 15);
}

TEST_CASE("what is read beside a writer is of one moment", "[figures]") {
  published_figures place;
  std::atomic<bool> is_over{false};
  std::thread writer([&] {
    for (std::uint64_t round = 1; !is_over; ++round) {
      figure_list said;
      for (std::size_t i = 0; i < figure_list::figures_max; ++i)
        said.add("n", round);
      place.publish(said, round);
    }
  });
  for (int reads = 0; reads < 2000;) {
    auto seen = place.read();
    if (seen.published_ns == 0)
      continue;
    ++reads;
    for (const auto& each : seen.figures)
      REQUIRE(std::get<std::uint64_t>(each.value) == seen.published_ns);
  }
  is_over = true;
  writer.join();
}

TEST_CASE("of several writers one writes, and nobody reads a mixture", "[figures]") {
  versioned_words<4> words;
  std::atomic<bool> is_over{false};
  auto write = [&](std::uint64_t value) {
    while (!is_over)
      words.try_write({value, value, value, value});
  };
  std::thread first(write, 1);
  std::thread second(write, 2);
  for (int reads = 0; reads < 2000;)
    if (auto seen = words.read()) {
      ++reads;
      REQUIRE((*seen)[0] == (*seen)[3]);
    }
  is_over = true;
  first.join();
  second.join();
}

} // namespace actors
