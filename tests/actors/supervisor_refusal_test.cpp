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
  CHECK(answer.error().code == actors::failure_code::invalid);
  CHECK(answer.error().text == "no child is named 'nobody'");
}

TEST_CASE_METHOD(guarded_world, "what waits for another child cannot be restarted") {
  gate->answer = verdict::refuse;
  start();
  auto answer = restart("scheduler");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == actors::failure_code::unavailable);
}
