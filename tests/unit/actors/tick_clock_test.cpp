// SPDX-License-Identifier: Apache-2.0
#include "actors/tick_clock.hpp"

#include "tests/support/catch.hpp"

using actors::tick_clock;
using namespace std::chrono_literals;

TEST_CASE("a tick is missed when its time has come", "[actors][INV-89]") {
  tick_clock clock(100ms, 20);
  clock.begin_tick(1s);
  CHECK(clock.take_missed(1s + 99ms) == 0);
  CHECK(clock.take_missed(1s + 100ms) == 1);
  CHECK(clock.take_missed(1s + 150ms) == 0);
}

TEST_CASE("missed ticks add up to the time that passed", "[actors][INV-89]") {
  tick_clock clock(100ms, 20);
  clock.begin_tick(1s);
  std::uint64_t sum = 0;
  for (auto now = 1000ms; now <= 2000ms; now += 70ms)
    sum += clock.take_missed(now);
  CHECK(sum == 9); // up to 1.98 s
  CHECK(clock.take_missed(2s) == 1);
}

TEST_CASE("a long pause is bounded, and time goes on from its end", "[actors][INV-89]") {
  tick_clock clock(100ms, 20);
  clock.begin_tick(1s);
  CHECK(clock.take_missed(1h) == 20);
  CHECK(clock.take_missed(1h + 99ms) == 0);
  CHECK(clock.take_missed(1h + 100ms) == 1);
}

TEST_CASE("a late tick that is told as one leaves nothing behind", "[actors][INV-89]") {
  tick_clock clock(100ms, 20);
  clock.begin_tick(1s);
  clock.begin_tick(5s);
  CHECK(clock.take_missed(5s + 50ms) == 0);
}
