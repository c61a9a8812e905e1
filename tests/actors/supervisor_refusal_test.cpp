// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/supervisor_world.hpp"
#include "tests/support/catch.hpp"

using namespace tests;
using storage::verdict;
using supervisor::check_scope;

namespace {

class guarded_world : public supervisor_world {
public:
  guarded_world() {
    add("log", "stores").owns_store = true;
    add("raft", "stores");
    add("scheduler");
    gate = &gate_of("stores");
  }
  scripted_gate* gate;
};

} // namespace

TEST_CASE_METHOD(guarded_world, "a refused group never starts, nor what comes after it") {
  gate->answer = verdict::refuse;
  start();
  pass(1h);
  CHECK(told() == "check");
  CHECK(status().phase == actors::phase::refused);
  CHECK(state_of("log") == "refused");
  CHECK(child("log").last_error == "the test says so");
  CHECK(refusals == std::vector<std::string>{"stores"});
  REQUIRE(status().last_check);
  CHECK(status().last_check->verdict == verdict::refuse);
}

TEST_CASE_METHOD(guarded_world, "a group refused at a restart stays down, others run on") {
  start();
  gate->answer = verdict::refuse;
  crash("raft");
  pass(1h);
  CHECK_FALSE(runs("log"));
  CHECK(runs("scheduler"));
  CHECK(status().phase == actors::phase::refused);
  CHECK(gate->scopes.size() == 2);
}

TEST_CASE_METHOD(guarded_world,
                 "an operator's restart of a refused group looks at everything again") {
  gate->answer = verdict::refuse;
  start();
  REQUIRE(restart("stores"));
  CHECK(status().phase == actors::phase::refused);
  gate->answer = verdict::ok;
  REQUIRE(restart("raft"));
  CHECK(status().phase == actors::phase::running);
  CHECK(gate->scopes == std::vector(3, check_scope::everything));
}

TEST_CASE_METHOD(guarded_world, "a check that cannot be made is tried again, ever more slowly") {
  gate->answer = verdict::retry;
  start();
  CHECK(status().phase == actors::phase::starting);
  for (auto delay : {1s, 2s, 4s, 8s, 16s, 16s}) {
    CHECK(child("log").next_attempt_in == delay);
    pass(delay);
  }
  CHECK(gate->scopes.size() == 7);
  CHECK(count_events("check postponed") == 1);
  gate->answer = verdict::ok;
  pass(16s);
  CHECK(status().phase == actors::phase::running);
  CHECK(status().restarts_total == 0);
}

TEST_CASE_METHOD(guarded_world, "a missing state machine is rebuilt: the group starts") {
  gate->answer = verdict::rebuild;
  std::vector<verdict> seen;
  settings.on_checked = [&](const auto& report) { seen.push_back(report.verdict); };
  start();
  CHECK(status().phase == actors::phase::running);
  CHECK(seen == std::vector{verdict::rebuild});
}

TEST_CASE_METHOD(guarded_world,
                 "an operator's restart goes through the gate and without back-off") {
  start();
  told();
  auto answer = restart("raft");
  REQUIRE(answer);
  CHECK(answer->what == "restarting group 'stores'");
  CHECK(told()
        == "forget raft, ask raft to end, end raft, forget log, ask log to end, end log, check, "
           "start log 2, start raft 2");
  CHECK(status().restarts_in_window == 0);
}

TEST_CASE_METHOD(guarded_world, "an operator's restart bypasses an open circuit") {
  start();
  for (auto delay : {1s, 2s, 4s, 0s}) {
    crash("raft");
    pass(delay);
  }
  REQUIRE(status().circuit == actors::circuit_state::open);
  REQUIRE(restart("raft"));
  CHECK(runs("raft"));
  CHECK(status().circuit == actors::circuit_state::half_open);
  pass(120s);
  CHECK(status().circuit == actors::circuit_state::closed);
}

TEST_CASE_METHOD(guarded_world, "an operator's restart cuts the back-off short") {
  start();
  crash("raft");
  CHECK_FALSE(runs("raft"));
  REQUIRE(restart("raft"));
  CHECK(runs("raft"));
  pass(1s);
  CHECK(live["raft"] == 2);
}

TEST_CASE_METHOD(guarded_world,
                 "an operator's restart while the gate looks does not ask it twice") {
  gate->answer.reset();
  start();
  REQUIRE(restart("raft"));
  gate->say(verdict::ok);
  settle();
  CHECK(gate->scopes.size() == 1);
  CHECK(live["raft"] == 1);
}

TEST_CASE_METHOD(guarded_world, "an operator's restart while the group ends is not lost") {
  start();
  open_store = "state-machine.db";
  crash("raft");
  REQUIRE(restart("raft"));
  open_store.reset();
  pass(100ms);
  CHECK(live["raft"] == 2);
}

TEST_CASE_METHOD(guarded_world, "a restart of nobody is refused") {
  start();
  auto answer = restart("nobody");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == actors::failure_code::unknown_child);
  CHECK(answer.error().text == "no child is named 'nobody'");
}

TEST_CASE_METHOD(guarded_world, "what waits for another child cannot be restarted") {
  gate->answer = verdict::refuse;
  start();
  auto answer = restart("scheduler");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == actors::failure_code::unavailable);
}

TEST_CASE_METHOD(guarded_world,
                 "INV-100 an operator's restart whose new life cannot begin is tried again") {
  start();
  conducts["raft"].begin_error = "no descriptors";
  REQUIRE(restart("raft"));
  CHECK_FALSE(runs("log"));
  CHECK(state_of("raft") == "backing_off");
  CHECK(child("raft").next == "start");
  conducts["raft"].begin_error.clear();
  pass(1s);
  CHECK(runs("raft"));
  CHECK(status().restarts_in_window == 1);
}

TEST_CASE_METHOD(guarded_world, "an operator's restart again and again never opens the circuit") {
  start();
  for (int i = 0; i < 20; ++i) {
    REQUIRE(restart("stores"));
    CHECK(runs("raft"));
  }
  CHECK(status().circuit == actors::circuit_state::closed);
  CHECK(live["raft"] == 21);
}

TEST_CASE_METHOD(guarded_world, "an operator's restart during a trial keeps it the one trial") {
  start();
  for (auto delay : {1s, 2s, 4s, 0s}) {
    crash("raft");
    pass(delay);
  }
  pass(300s);
  REQUIRE(runs("raft"));
  REQUIRE(restart("raft"));
  CHECK(runs("raft"));
  CHECK(status().circuit == actors::circuit_state::half_open);
  crash("raft");
  CHECK(status().circuit == actors::circuit_state::open);
}

TEST_CASE_METHOD(guarded_world, "a check that is refused at a trial ends in a refusal") {
  start();
  for (auto delay : {1s, 2s, 4s, 0s}) {
    crash("raft");
    pass(delay);
  }
  gate->answer = verdict::refuse;
  pass(300s);
  CHECK(state_of("raft") == "refused");
  CHECK(child("raft").next == "nothing, until an operator has seen to the stores");
}

TEST_CASE_METHOD(guarded_world,
                 "INV-108 what is cleared is checked again, and only the check decides") {
  gate->answer = verdict::refuse;
  start();
  gate->remembers = true;
  REQUIRE(clear("raft"));
  CHECK(gate->times_forgiven == 1);
  CHECK(status().phase == actors::phase::refused);
  gate->answer = verdict::ok;
  REQUIRE(clear("stores"));
  CHECK(status().phase == actors::phase::running);
  CHECK(has_event("stores", "quarantine cleared"));
  CHECK(gate->scopes == std::vector(3, check_scope::everything));
}

TEST_CASE_METHOD(guarded_world, "what was not refused cannot be cleared") {
  start();
  for (const auto* name : {"stores", "scheduler"}) {
    auto answer = clear(name);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == actors::failure_code::conflict);
  }
  CHECK(clear("nobody").error().code == actors::failure_code::unknown_child);
  CHECK(live["raft"] == 1);
}

TEST_CASE_METHOD(guarded_world, "the tree says what follows, and when") {
  gate->answer.reset();
  start();
  CHECK(child("log").next == "start, when the check of the stores passes");
  CHECK(child("scheduler").next == "start, when what stands before it is up");
  gate->answer = verdict::ok;
  gate->say(verdict::ok);
  settle();
  CHECK(child("log").next.empty());
  CHECK(child("log").restart_kind == "permanent");
  CHECK(child("log").next_delay == 1s);
  crash("log");
  CHECK(child("raft").next == "start");
  CHECK(child("raft").next_attempt_in == 1s);
  CHECK(child("raft").next_delay == 2s);
  CHECK(child("raft").restarts_in_window == 1);
  CHECK(child("scheduler").restarts_in_window == 0);
  for (auto delay : {1s, 2s, 4s}) {
    pass(delay);
    crash("log");
  }
  CHECK(child("raft").next == "one trial restart");
  CHECK(child("raft").circuit == actors::circuit_state::open);
  pass(300s);
  CHECK(child("raft").next == "the circuit closes");
  CHECK(child("raft").next_attempt_in <= 120s);
}
