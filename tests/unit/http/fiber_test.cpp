// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/check.hpp"
#include "http/fiber.hpp"
#include "tests/support/catch.hpp"

namespace {

/// Work that counts its steps and suspends between them.
struct stepper {
  http::fiber on;
  int steps = 0;
  int wanted = 0;

  static void run(void* self) {
    auto& me = *static_cast<stepper*>(self);
    std::string on_stack(1000, 'x'); // lives across the switches
    for (int i = 0; i < me.wanted; ++i) {
      ++me.steps;
      me.on.suspend();
    }
    me.steps += on_stack == std::string(1000, 'x') ? 0 : 1000;
  }
  void start(int how_many) {
    wanted = how_many;
    on.start(&stepper::run, this);
  }
};

int depth_of(int levels) {
  volatile char frame[512];
  frame[0] = static_cast<char>(levels);
  return levels == 0 ? frame[0] : depth_of(levels - 1) + 1;
}

} // namespace

TEST_CASE("A fiber stops where it suspends and goes on from there") {
  stepper one;
  one.start(2);
  CHECK(one.steps == 1);
  CHECK_FALSE(one.on.is_idle());
  one.on.resume();
  CHECK(one.steps == 2);
  one.on.resume();
  CHECK(one.on.is_idle());
  CHECK(one.steps == 2);
}

TEST_CASE("A fiber takes the next piece of work when the last is done") {
  stepper one;
  for (int round = 1; round <= 100; ++round) {
    one.start(0);
    CHECK(one.on.is_idle());
  }
}

TEST_CASE("Hundreds of fibers interleave without touching each other") {
  std::vector<std::unique_ptr<stepper>> all;
  for (int i = 0; i < 300; ++i) {
    all.push_back(std::make_unique<stepper>());
    all.back()->start(3);
  }
  for (int round = 0; round < 3; ++round)
    for (auto& each : all)
      each->on.resume();
  for (auto& each : all) {
    CHECK(each->on.is_idle());
    CHECK(each->steps == 3);
  }
}

TEST_CASE("An exception is thrown and caught on a fiber as anywhere else") {
  http::fiber on;
  std::string caught;
  on.start(
      [](void* out) {
        try {
          throw std::runtime_error("inside");
        } catch (const std::exception& fault) {
          *static_cast<std::string*>(out) = fault.what();
        }
      },
      &caught);
  CHECK(caught == "inside");
}

TEST_CASE("A fiber that handles an exception cannot be suspended", "[INV-110]") {
  struct both {
    http::fiber on;
    bool was_refused = false;
  } state;
  state.on.start(
      [](void* self) {
        auto& me = *static_cast<both*>(self);
        try {
          throw std::runtime_error("inside");
        } catch (const std::runtime_error&) {
          try {
            me.on.suspend();
          } catch (const base::invariant_violation&) {
            me.was_refused = true;
          }
        }
      },
      &state);
  CHECK(state.was_refused);
  CHECK(state.on.is_idle());
}

TEST_CASE("A fiber's stack takes a hundred kilobytes of frames") {
  http::fiber on;
  int depth = 0;
  on.start([](void* out) { *static_cast<int*>(out) = depth_of(150); }, &depth);
  CHECK(depth == 150);
}
