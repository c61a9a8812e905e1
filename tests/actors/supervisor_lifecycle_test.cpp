// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/supervisor_world.hpp"
#include "tests/support/catch.hpp"

using namespace tests;
using storage::verdict;
using supervisor::check_scope;
using supervisor::restart_kind;

namespace {

/// Two stores behind a gate, and a child that stands alone.
class node_world : public supervisor_world {
public:
  node_world() {
    add("log", "stores").owns_store = true;
    add("state", "stores").owns_store = true;
    add("raft", "stores");
    add("scheduler");
    gate = &gate_of("stores");
  }
  scripted_gate* gate;
};

const std::string first_start =
    "check, start log 1, start state 1, start raft 1, start scheduler 1";

/// How the group ends and starts again when `id` crashed.
std::string told_of_crash(const std::string& id) {
  std::vector<std::string> order{"log", "state", "raft"};
  std::string told = "end " + id + ", forget " + id;
  for (const auto& each : order)
    if (each != id)
      told += ", forget " + each;
  for (auto each = order.rbegin(); each != order.rend(); ++each)
    if (*each != id)
      told += ", end " + *each;
  return told + ", check";
}

} // namespace

TEST_CASE_METHOD(node_world, "children start in list order, the group behind its gate") {
  start();
  CHECK(told() == first_start);
  CHECK(gate->scopes == std::vector{check_scope::everything});
  CHECK(status().phase == actors::phase::running);
  for (auto id : {"log", "state", "raft", "scheduler"})
    CHECK(state_of(id) == "running");
}

TEST_CASE_METHOD(node_world, "a child starts only when the one before it has begun") {
  conducts["state"].begins = false;
  start();
  CHECK(told() == "check, start log 1, start state 1");
  CHECK(state_of("state") == "starting");
  CHECK(status().phase == actors::phase::starting);
}

TEST_CASE_METHOD(node_world, "nothing starts before the gate has answered") {
  gate->answer.reset();
  start();
  CHECK(told() == "check");
  CHECK(state_of("log") == "checking");
  CHECK(state_of("scheduler") == "stopped");
  gate->say(verdict::ok);
  settle();
  CHECK(status().phase == actors::phase::running);
}

TEST_CASE_METHOD(node_world, "INV-102 the crash of one member restarts the whole group") {
  start();
  told();
  auto id = GENERATE(as<std::string>{}, "log", "state", "raft");
  crash(id, "no space left in the map");
  CHECK(told() == told_of_crash(id));
  CHECK(state_of("log") == "backing_off");
  CHECK(state_of("scheduler") == "running");
  CHECK(child("log").next_attempt_in == 1s);
  pass(1s);
  CHECK(told() == "start log 2, start state 2, start raft 2");
  CHECK(gate->scopes.back() == check_scope::new_tail);
  CHECK(count_events("ended") == 1);
  CHECK_THAT(child(id).last_error, matchers::ContainsSubstring("no space left in the map"));
}

TEST_CASE_METHOD(node_world, "a child that stands alone restarts alone and without the gate") {
  start();
  told();
  crash("scheduler");
  CHECK(told() == "end scheduler, forget scheduler");
  pass(1s);
  CHECK(told() == "start scheduler 2");
  CHECK(child("scheduler").restarts == 1);
  CHECK(child("raft").restarts == 0);
}

TEST_CASE_METHOD(node_world, "INV-101 the gate waits until the stores are closed") {
  start();
  told();
  open_store = "raft-log.lmdb";
  crash("raft");
  pass(1s);
  CHECK(told() == "end raft, forget raft, forget log, forget state, end state, end log");
  CHECK(state_of("log") == "stopped");
  open_store.reset();
  pass(1s);
  CHECK(told() == "check, start log 2, start state 2, start raft 2");
}

TEST_CASE_METHOD(node_world, "a child that cannot begin is tried again after the back-off") {
  conducts["state"].begin_error = "incompatible: format version 9";
  start();
  CHECK_THAT(child("state").last_error, matchers::ContainsSubstring("format version 9"));
  CHECK(state_of("state") == "backing_off");
  CHECK(status().phase == actors::phase::starting);
  CHECK_FALSE(runs("log"));
  conducts["state"].begin_error.clear();
  pass(1s);
  CHECK(status().phase == actors::phase::running);
  CHECK(live["raft"] == 2);
  CHECK(gate->scopes == std::vector{check_scope::everything, check_scope::everything});
}

TEST_CASE_METHOD(node_world, "a child that cannot be spawned is tried again after the back-off") {
  conducts["raft"].start_throws = true;
  start();
  CHECK_THAT(child("raft").last_error, matchers::ContainsSubstring("cannot be spawned"));
  conducts["raft"].start_throws = false;
  pass(1s);
  CHECK(status().phase == actors::phase::running);
}

TEST_CASE_METHOD(node_world, "a child without a store that does not begin in time is tried again") {
  conducts["raft"].begins = false;
  start();
  pass(5s);
  CHECK_THAT(child("raft").last_error,
             matchers::ContainsSubstring("no answer to begin within 5000"));
  CHECK(hung.empty());
  conducts["raft"].begins = true;
  pass(1s);
  CHECK(status().phase == actors::phase::running);
}

TEST_CASE_METHOD(node_world,
                 "a child that ends while the gate looks at another's stores restarts alone") {
  start();
  gate->answer.reset();
  crash("raft");
  told();
  crash("scheduler");
  pass(1s);
  CHECK(told() == "end scheduler, forget scheduler, start scheduler 2");
  gate->say(verdict::ok);
  settle();
  CHECK(live["raft"] == 2);
}

TEST_CASE_METHOD(node_world, "the late end of a former life changes nothing") {
  start();
  auto former = live["log"];
  crash("raft");
  pass(1s);
  CHECK(live["log"] == former + 1);
  pass(60s);
  CHECK(status().restarts_total == 1);
}

TEST_CASE("a transient child is restarted after a crash and not after a normal end") {
  supervisor_world world;
  world.add("worker").restart = restart_kind::transient;
  world.start();
  world.crash("worker");
  world.pass(1s);
  CHECK(world.live["worker"] == 2);
  world.end_normally("worker");
  world.pass(60s);
  CHECK(world.state_of("worker") == "stopped");
}

TEST_CASE("a temporary child is never restarted, and those after it still start") {
  supervisor_world world;
  world.add("once").restart = restart_kind::temporary;
  world.add("always");
  world.conducts["once"].begin_error = "nothing to do";
  world.start();
  world.pass(60s);
  CHECK(world.state_of("once") == "stopped");
  CHECK(world.state_of("always") == "running");
}

TEST_CASE("a normal end of a permanent child counts as a restart") {
  supervisor_world world;
  world.add("worker");
  world.start();
  world.end_normally("worker");
  world.pass(1s);
  CHECK(world.live["worker"] == 2);
  CHECK(world.status().restarts_in_window == 1);
}

TEST_CASE("a transient member that is done leaves its group running") {
  supervisor_world world;
  world.add("main", "pair");
  world.add("helper", "pair").restart = restart_kind::transient;
  world.start();
  world.end_normally("helper");
  CHECK(world.state_of("helper") == "stopped");
  CHECK(world.state_of("main") == "running");
  world.crash("main");
  world.pass(1s);
  CHECK(world.live["helper"] == 2);
}
