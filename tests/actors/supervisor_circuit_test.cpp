// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/supervisor_world.hpp"
#include "tests/support/catch.hpp"

using namespace tests;
using actors::circuit_state;

namespace {

/// One group, and the crashes that melt it down.
class melting_world : public supervisor_world {
public:
  melting_world() {
    add("store", "stores").owns_store = true;
    gate = &gate_of("stores");
    start();
  }
  /// Three restarts, after 1, 2 and 4 seconds, and the crash that is one too many.
  void melt_down() {
    for (auto delay : {1s, 2s, 4s}) {
      crash("store");
      pass(delay);
    }
    crash("store");
  }
  scripted_gate* gate;
};

} // namespace

TEST_CASE_METHOD(melting_world, "the back-off doubles from crash to crash") {
  for (auto delay : {1000ms, 2000ms, 4000ms}) {
    crash("store");
    CHECK(child("store").next_attempt_in == delay);
    pass(delay - 100ms);
    CHECK_FALSE(runs("store"));
    pass(100ms);
    CHECK(runs("store"));
  }
}

TEST_CASE_METHOD(melting_world, "the supervisor listens while it backs off") {
  crash("store");
  auto before = status().last_tick;
  pass(500ms);
  CHECK(status().last_tick - before >= 400ms);
}

TEST_CASE_METHOD(melting_world, "a fourth crash within the window opens the circuit") {
  melt_down();
  CHECK(status().circuit == circuit_state::open);
  CHECK(status().restarts_in_window == 3);
  CHECK(state_of("store") == "broken");
  CHECK(child("store").next_attempt_in == 300s);
  CHECK(has_event("stores", "circuit opened"));
  pass(299s);
  CHECK_FALSE(runs("store"));
}

TEST_CASE_METHOD(melting_world, "a timer alone starts the one trial of an open circuit") {
  melt_down();
  auto checks = gate->scopes.size();
  pass(300s);
  CHECK(runs("store"));
  CHECK(gate->scopes.size() == checks + 1);
  CHECK(status().circuit == circuit_state::half_open);
}

TEST_CASE_METHOD(melting_world, "a trial that is stable closes the circuit") {
  melt_down();
  pass(300s);
  pass(119s);
  CHECK(status().circuit == circuit_state::half_open);
  pass(1s);
  CHECK(status().circuit == circuit_state::closed);
  CHECK(status().restarts_in_window == 0);
  crash("store");
  CHECK(child("store").next_attempt_in == 1s);
}

TEST_CASE_METHOD(melting_world, "a trial that fails opens the circuit again") {
  melt_down();
  pass(300s);
  crash("store");
  CHECK(status().circuit == circuit_state::open);
  CHECK(child("store").next_attempt_in == 300s);
}

TEST_CASE_METHOD(melting_world, "a child that ran long starts its back-off afresh") {
  crash("store");
  pass(301s);
  crash("store");
  CHECK(child("store").next_attempt_in == 1s);
}

TEST_CASE_METHOD(melting_world, "the last hundred events are kept") {
  for (int i = 0; i < 60; ++i) {
    crash("store");
    pass(601s);
  }
  CHECK(status().events.size() == 100);
  CHECK(status().events.back().what == "restarted");
  CHECK(status().restarts_total == 60);
}

TEST_CASE("with automatic restarts off a crashed child stays down until an operator restarts it") {
  supervisor_world world;
  world.add("worker");
  world.settings.limits.is_automatic = false;
  world.start();
  world.crash("worker");
  world.pass(1h);
  CHECK(world.state_of("worker") == "stopped");
  CHECK(world.restart("worker"));
  CHECK(world.runs("worker"));
}
