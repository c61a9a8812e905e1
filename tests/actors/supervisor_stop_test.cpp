// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/supervisor_world.hpp"
#include "tests/support/catch.hpp"

using namespace tests;
using storage::verdict;

namespace {

class stopping_world : public supervisor_world {
public:
  stopping_world() {
    add("log", "stores").owns_store = true;
    add("raft", "stores");
    add("scheduler");
    gate = &gate_of("stores");
  }
  scripted_gate* gate;
};

} // namespace

TEST_CASE_METHOD(stopping_world, "an orderly stop ends the children in reverse order") {
  start();
  told();
  stop();
  CHECK(told()
        == "forget scheduler, ask scheduler to end, end scheduler, forget raft, ask raft to end, "
           "end raft, forget log, ask log to end, end log, stopped");
  CHECK(status().phase == actors::phase::draining);
  CHECK(stopped->hanging.empty());
}

TEST_CASE_METHOD(stopping_world, "a second stop changes nothing") {
  conducts["raft"].ignores_exit = true;
  start();
  stop();
  stop();
  pass(5s);
  CHECK(std::count(story.begin(), story.end(), "stopped") == 1);
}

TEST_CASE_METHOD(stopping_world, "a child that ignores the exit is killed after its budget") {
  conducts["raft"].ignores_exit = true;
  start();
  stop();
  pass(1900ms);
  CHECK(runs("raft"));
  CHECK_FALSE(stopped);
  pass(200ms);
  CHECK_FALSE(runs("raft"));
  CHECK(stopped);
}

TEST_CASE_METHOD(stopping_world, "a stop while backing off starts nothing more") {
  start();
  crash("raft");
  told();
  stop();
  CHECK(told() == "forget scheduler, ask scheduler to end, end scheduler, stopped");
}

TEST_CASE_METHOD(stopping_world, "a stop while the circuit is open starts nothing more") {
  start();
  for (auto delay : {1s, 2s, 4s, 0s}) {
    crash("raft");
    pass(delay);
  }
  stop();
  CHECK(stopped);
  CHECK_FALSE(runs("raft"));
}

TEST_CASE_METHOD(stopping_world, "a stop while the gate looks cancels the check") {
  gate->answer.reset();
  start();
  stop();
  CHECK(gate->was_cancelled);
  CHECK(stopped);
  CHECK(told() == "check, stopped");
}

TEST_CASE_METHOD(stopping_world, "a stop while a child begins ends those that had begun") {
  conducts["raft"].begins = false;
  start();
  stop();
  CHECK(stopped);
  CHECK(live.empty());
}

TEST_CASE_METHOD(stopping_world, "a stop while a crashed group ends restarts nothing") {
  start();
  open_store = "raft-log.lmdb";
  crash("raft");
  stop();
  CHECK_FALSE(stopped);
  open_store.reset();
  pass(200ms);
  CHECK(stopped);
  CHECK(live.empty());
}

TEST_CASE_METHOD(stopping_world, "a stop of a refused node is done at once") {
  gate->answer = verdict::refuse;
  start();
  stop();
  CHECK(stopped);
}

TEST_CASE_METHOD(stopping_world, "no restart is begun while the node stops") {
  conducts["raft"].ignores_exit = true;
  start();
  stop();
  auto answer = restart("raft");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == actors::failure_code::draining);
}

TEST_CASE_METHOD(stopping_world, "a polite exit of the supervisor stops the children first") {
  start();
  told();
  caf::anon_send_exit(handle(), caf::exit_reason::user_shutdown);
  settle();
  CHECK(stopped);
  CHECK(live.empty());
}

TEST_CASE_METHOD(stopping_world, "INV-104 a store's owner that never begins ends the process") {
  conducts["log"].begins = false;
  start();
  pass(5s);
  CHECK(hung == std::vector<std::string>{"log"});
  CHECK(state_of("log") == "broken");
  pass(1h);
  CHECK(hung.size() == 1);
  CHECK(told() == "check, start log 1, forget log");
}

TEST_CASE_METHOD(stopping_world,
                 "INV-104 a store's owner that survives its kill ends the process") {
  start();
  conducts["log"].hangs = true;
  crash("raft");
  CHECK(state_of("log") == "stopping");
  pass(59s);
  CHECK(hung.empty());
  pass(1s);
  CHECK(hung == std::vector<std::string>{"log"});
  CHECK(state_of("log") == "broken");
  CHECK_FALSE(restart("raft"));
  CHECK(gate->scopes.size() == 1);
}

TEST_CASE_METHOD(stopping_world,
                 "INV-104 a store that stays open behind its owner ends the process") {
  start();
  open_store = "raft-log.lmdb";
  crash("raft");
  pass(10s);
  CHECK(hung == std::vector<std::string>{"log"});
  CHECK(child("log").last_error == "all children ended, but still open: raft-log.lmdb");
}

TEST_CASE_METHOD(stopping_world, "a hang is no hang while the child makes progress") {
  std::uint64_t writes = 0;
  settings.children.front().progress = [&] { return writes; };
  start();
  conducts["log"].hangs = true;
  crash("raft");
  for (int i = 0; i < 10; ++i) {
    ++writes;
    pass(50s);
  }
  CHECK(hung.empty());
  pass(60s);
  CHECK(hung.size() == 1);
}

TEST_CASE_METHOD(stopping_world,
                 "INV-104 a running owner of a store that is stuck ends the process") {
  std::chrono::milliseconds busy = 0ms;
  settings.children.front().busy_for = [&] { return busy; };
  start();
  pass(1h);
  told();
  busy = 1s;
  pass(59s);
  CHECK(hung.empty());
  pass(2s);
  CHECK(hung == std::vector<std::string>{"log"});
  CHECK(told() == "forget log, forget raft, end raft");
  CHECK_THAT(child("log").last_error, matchers::StartsWith("stuck in one operation for 60"));
}

TEST_CASE_METHOD(stopping_world, "a long operation that makes progress is no hang") {
  std::uint64_t writes = 0;
  settings.children.front().busy_for = [] { return 1h; };
  settings.children.front().progress = [&] { return writes; };
  start();
  for (int i = 0; i < 5; ++i) {
    pass(59s);
    ++writes;
  }
  CHECK(hung.empty());
  pass(61s);
  CHECK(hung.size() == 1);
}

TEST_CASE_METHOD(stopping_world, "a slow child is reported once an operation, and left alone") {
  std::chrono::milliseconds busy = 0ms;
  std::uint64_t writes = 0;
  auto which = GENERATE(as<std::size_t>{}, 0, 1); // one owns a store, one does not
  settings.children[which].busy_for = [&] { return busy; };
  settings.children[which].progress = [&] { return ++writes; };
  start();
  told();
  busy = 4999ms;
  pass(1s);
  CHECK(count_events("slow") == 0);
  busy = 5s;
  pass(5min);
  CHECK(count_events("slow") == 1);
  busy = 0ms;
  pass(1s);
  busy = 6s;
  pass(1s);
  CHECK(count_events("slow") == 2);
  CHECK(told().empty());
  CHECK(hung.empty());
}

TEST_CASE_METHOD(stopping_world,
                 "a child without a store that is stuck is reported, not replaced") {
  settings.children[1].busy_for = [] { return 10min; };
  start();
  told();
  pass(1h);
  CHECK(told().empty());
  CHECK(hung.empty());
  CHECK(has_event("raft", "slow"));
}

TEST_CASE_METHOD(stopping_world, "INV-104 the end of the supervisor itself ends the process") {
  start();
  caf::anon_send_exit(handle(), caf::exit_reason::kill);
  settle();
  CHECK(hung == std::vector<std::string>{"supervisor"});
}

TEST_CASE_METHOD(stopping_world,
                 "a hanging child without a store is abandoned and named at the stop") {
  start();
  conducts["raft"].hangs = true;
  crash("log");
  pass(1950ms);
  conducts["raft"].hangs = false; // from here on: the next life of it
  pass(100ms);
  CHECK(has_event("raft", "abandoned"));
  CHECK(live["raft"] == 2);
  stop();
  CHECK(stopped->hanging == std::vector<std::string>{"raft"});
}

TEST_CASE_METHOD(stopping_world, "a stop does not wait for a hang as long as a restart does") {
  start();
  conducts["log"].hangs = true;
  crash("raft");
  pass(1s);
  stop();
  pass(3s);
  CHECK(hung == std::vector<std::string>{"log"});
  CHECK(stopped);
}

TEST_CASE_METHOD(stopping_world, "a stop goes on around a child that hangs") {
  start();
  conducts["log"].hangs = true;
  stop();
  pass(5s);
  CHECK(hung == std::vector<std::string>{"log"});
  REQUIRE(stopped);
  CHECK(stopped->hanging == std::vector<std::string>{"log"});
}
