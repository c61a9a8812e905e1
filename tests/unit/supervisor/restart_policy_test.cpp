// SPDX-License-Identifier: Apache-2.0
#include "supervisor/restart_policy.hpp"

#include "tests/support/catch.hpp"

using namespace supervisor;
using namespace std::chrono_literals;

namespace {

const restart_limits limits;

/// A unit on an own clock, told in ends and lives.
struct patient {
  restart_history history;
  steady_time now{1h};
  restart_limits limits;

  restart_decision end(how_ended how = how_ended::crashed,
                       restart_kind kind = restart_kind::permanent) {
    auto next = after_end(history, how, kind, now, limits);
    history = next.history;
    return next.decision;
  }
  void wait(milliseconds time) { now += time; }
  void run(milliseconds time) {
    history = after_start(history, now);
    now += time;
    history = after_time(history, now, limits);
  }
  void melt_down() {
    while (end().move != next_move::open_circuit)
      run(1s);
  }
};

} // namespace

TEST_CASE("the delay doubles from the first to the last and stays there") {
  milliseconds expected[] = {1s, 2s, 4s, 8s, 16s, 16s, 16s};
  for (unsigned step = 0; step < std::size(expected); ++step)
    CHECK(delay_of(step, limits) == expected[step]);
  CHECK(delay_of(4'000'000'000U, limits) == 16s);
}

TEST_CASE("what follows an end depends on how the life ended and on the kind of the child") {
  struct {
    how_ended how;
    restart_kind kind;
    next_move move;
    milliseconds after;
    std::size_t counted;
  } const table[] = {
      {how_ended::crashed, restart_kind::permanent, next_move::restart, 1s, 1},
      {how_ended::crashed, restart_kind::transient, next_move::restart, 1s, 1},
      {how_ended::crashed, restart_kind::temporary, next_move::give_up, 0s, 0},
      {how_ended::normally, restart_kind::permanent, next_move::restart, 1s, 1},
      {how_ended::normally, restart_kind::transient, next_move::give_up, 0s, 0},
      {how_ended::normally, restart_kind::temporary, next_move::give_up, 0s, 0},
      {how_ended::on_request, restart_kind::permanent, next_move::restart, 0s, 0},
      {how_ended::on_request, restart_kind::transient, next_move::restart, 0s, 0},
      {how_ended::on_request, restart_kind::temporary, next_move::restart, 0s, 0},
  };
  for (const auto& row : table) {
    CAPTURE(static_cast<int>(row.how), static_cast<int>(row.kind));
    patient unit;
    auto decision = unit.end(row.how, row.kind);
    CHECK(decision.move == row.move);
    CHECK(decision.after == row.after);
    CHECK(restarts_in_window(unit.history, unit.now, limits) == row.counted);
  }
}

TEST_CASE("INV-100 an end on request neither counts nor moves the back-off") {
  patient unit;
  unit.end();
  unit.run(1s);
  for (int i = 0; i < 20; ++i) {
    CHECK(unit.end(how_ended::on_request).move == next_move::restart);
    unit.run(1s);
  }
  CHECK(unit.end().after == 2s);
}

TEST_CASE("three restarts within the window are allowed, and the fourth end opens the circuit") {
  patient unit;
  for (auto delay : {1s, 2s, 4s}) {
    auto decision = unit.end();
    CHECK(decision.move == next_move::restart);
    CHECK(decision.after == delay);
    unit.run(10s);
  }
  auto decision = unit.end();
  CHECK(decision.move == next_move::open_circuit);
  CHECK(decision.after == 300s);
  CHECK(unit.history.circuit == circuit_state::open);
}

TEST_CASE("restarts that lie before the window do not count") {
  patient unit;
  for (auto delay : {1s, 2s, 4s, 8s, 16s, 16s}) {
    CHECK(unit.end().after == delay);
    unit.run(299s); // never long enough for a fresh start, never three within ten minutes
  }
}

TEST_CASE("the window is half open: an end exactly one window later starts a new count") {
  patient unit;
  unit.end();
  unit.end();
  unit.end();
  unit.wait(10min - 1ms);
  CHECK(restarts_in_window(unit.history, unit.now, limits) == 3);
  unit.wait(1ms);
  CHECK(restarts_in_window(unit.history, unit.now, limits) == 0);
  CHECK(unit.end().move == next_move::restart);
}

TEST_CASE("a unit that ran long enough starts its back-off afresh") {
  struct {
    milliseconds ran;
    milliseconds delay;
  } const table[] = {{0s, 2s}, {299999ms, 2s}, {300s, 1s}, {24h, 1s}};
  for (const auto& row : table) {
    patient unit;
    unit.end();
    unit.run(row.ran);
    CHECK(unit.end().after == row.delay);
  }
}

TEST_CASE("an open circuit lets one trial through, which closes it when it is stable") {
  struct {
    milliseconds ran;
    circuit_state circuit;
    next_move after_crash;
    milliseconds delay;
  } const table[] = {
      {0s, circuit_state::half_open, next_move::open_circuit, 300s},
      {119999ms, circuit_state::half_open, next_move::open_circuit, 300s},
      {120s, circuit_state::closed, next_move::restart, 1s},
  };
  for (const auto& row : table) {
    patient unit;
    unit.melt_down();
    unit.wait(300s);
    unit.history = begin_trial(unit.history);
    CHECK(unit.history.circuit == circuit_state::half_open);
    unit.run(row.ran);
    CHECK(unit.history.circuit == row.circuit);
    auto decision = unit.end();
    CHECK(decision.move == row.after_crash);
    CHECK(decision.after == row.delay);
  }
}

TEST_CASE("a trial that cannot even start opens the circuit again") {
  patient unit;
  unit.melt_down();
  unit.history = begin_trial(unit.history);
  CHECK(unit.end().move == next_move::open_circuit);
}

TEST_CASE("what ends a trial decides what follows it, by how and of what kind the child is") {
  struct {
    how_ended how;
    restart_kind kind;
    next_move move;
    circuit_state circuit;
  } const table[] = {
      {how_ended::crashed, restart_kind::permanent, next_move::open_circuit, circuit_state::open},
      {how_ended::normally, restart_kind::permanent, next_move::open_circuit, circuit_state::open},
      {how_ended::crashed, restart_kind::transient, next_move::open_circuit, circuit_state::open},
      {how_ended::normally, restart_kind::transient, next_move::give_up, circuit_state::half_open},
      {how_ended::on_request, restart_kind::permanent, next_move::restart,
       circuit_state::half_open},
  };
  for (const auto& row : table) {
    CAPTURE(static_cast<int>(row.how), static_cast<int>(row.kind));
    patient unit;
    unit.melt_down();
    unit.history = begin_trial(unit.history);
    unit.run(1s);
    CHECK(unit.end(row.how, row.kind).move == row.move);
    CHECK(unit.history.circuit == row.circuit);
  }
}

TEST_CASE("an open circuit counts no end: it waits for its trial whatever happens") {
  patient unit;
  unit.melt_down();
  auto counted = unit.history.restarts.size();
  for (int i = 0; i < 5; ++i)
    CHECK(unit.end().move == next_move::open_circuit);
  CHECK(unit.history.restarts.size() == counted);
}

TEST_CASE("a closed circuit has forgotten the meltdown: three restarts are allowed again") {
  patient unit;
  unit.melt_down();
  unit.history = begin_trial(unit.history);
  unit.run(120s);
  for (auto delay : {1s, 2s, 4s}) {
    auto decision = unit.end();
    CHECK(decision.move == next_move::restart);
    CHECK(decision.after == delay);
  }
  CHECK(unit.end().move == next_move::open_circuit);
}

TEST_CASE("a trial is begun by an open circuit only") {
  patient unit;
  CHECK(begin_trial(unit.history).circuit == circuit_state::closed);
}

TEST_CASE("with automatic restarts off every end but one on request is final") {
  patient unit;
  unit.limits.is_automatic = false;
  CHECK(unit.end().move == next_move::give_up);
  CHECK(unit.end(how_ended::normally).move == next_move::give_up);
  CHECK(unit.end(how_ended::on_request).move == next_move::restart);
}

TEST_CASE("limits without sense are refused by name") {
  auto fault = [](auto change) {
    restart_limits changed;
    change(changed);
    auto outcome = validate(changed);
    return outcome ? "none" : outcome.error().text;
  };
  CHECK(fault([](restart_limits&) {}) == "none");
  CHECK(fault([](restart_limits& l) { l.window = 0s; }) == "restart window must be above zero");
  CHECK(fault([](restart_limits& l) { l.first_delay = 20s; }) == "last delay is below the first");
  CHECK(fault([](restart_limits& l) { l.restarts_max = 0; })
        == "restarts in the window must be above zero");
}

TEST_CASE("the history does not grow with the age of the node") {
  patient unit;
  for (int i = 0; i < 1000; ++i) {
    unit.end();
    unit.run(400s);
  }
  CHECK(unit.history.restarts.size() <= 3);
}
