// SPDX-License-Identifier: Apache-2.0
#include "supervisor/restart_policy.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace supervisor {

namespace {

milliseconds time_run(const restart_history& history, steady_time now) {
  if (!history.running_since)
    return milliseconds::zero();
  return std::chrono::duration_cast<milliseconds>(now - *history.running_since);
}

void prune(restart_history& history, steady_time now, const restart_limits& limits) {
  std::erase_if(history.restarts, [&](steady_time at) { return at <= now - limits.window; });
}

} // namespace

base::status validate(const restart_limits& limits) {
  const std::pair<const char*, milliseconds> times[] = {
      {"first delay", limits.first_delay},
      {"last delay", limits.last_delay},
      {"restart window", limits.window},
      {"circuit open time", limits.circuit_open_for},
      {"stable time that closes the circuit", limits.stable_closes_after},
      {"stable time that resets the back-off", limits.stable_resets_after},
  };
  for (const auto& [name, value] : times)
    if (value <= milliseconds::zero())
      return base::fail(base::errc::invalid, std::string(name) + " must be above zero");
  if (limits.last_delay < limits.first_delay)
    return base::fail(base::errc::invalid, "last delay is below the first");
  if (limits.restarts_max == 0)
    return base::fail(base::errc::invalid, "restarts in the window must be above zero");
  return {};
}

bool is_restarted(how_ended how, restart_kind kind) {
  switch (kind) {
  case restart_kind::permanent: return true;
  case restart_kind::transient: return how == how_ended::crashed;
  case restart_kind::temporary: return false;
  }
  return false;
}

decided after_end(restart_history history, how_ended how, restart_kind kind, steady_time now,
                  const restart_limits& limits) {
  history = after_time(std::move(history), now, limits);
  auto ran = time_run(history, now);
  history.running_since.reset();
  if (how == how_ended::on_request)
    return {{next_move::restart, milliseconds::zero()}, std::move(history)};
  if (!limits.is_automatic || !is_restarted(how, kind))
    return {{next_move::give_up, milliseconds::zero()}, std::move(history)};

  prune(history, now, limits);
  if (ran >= limits.stable_resets_after)
    history.next_delay = 0;
  bool trial_failed = history.circuit != circuit_state::closed;
  if (trial_failed || history.restarts.size() >= limits.restarts_max) {
    history.circuit = circuit_state::open;
    return {{next_move::open_circuit, limits.circuit_open_for}, std::move(history)};
  }
  auto delay = delay_of(history.next_delay, limits);
  ++history.next_delay;
  history.restarts.push_back(now);
  return {{next_move::restart, delay}, std::move(history)};
}

restart_history after_start(restart_history history, steady_time now) {
  history.running_since = now;
  return history;
}

restart_history after_time(restart_history history, steady_time now, const restart_limits& limits) {
  prune(history, now, limits);
  bool is_stable = time_run(history, now) >= limits.stable_closes_after;
  if (history.circuit == circuit_state::half_open && is_stable) {
    // What led to the open circuit is forgiven with it: the next crash is a first one.
    history.circuit = circuit_state::closed;
    history.restarts.clear();
    history.next_delay = 0;
  }
  return history;
}

restart_history begin_trial(restart_history history) {
  if (history.circuit == circuit_state::open)
    history.circuit = circuit_state::half_open;
  return history;
}

std::size_t restarts_in_window(const restart_history& history, steady_time now,
                               const restart_limits& limits) {
  auto inside = std::ranges::count_if(history.restarts,
                                      [&](steady_time at) { return at > now - limits.window; });
  return static_cast<std::size_t>(inside);
}

milliseconds delay_of(unsigned step, const restart_limits& limits) {
  auto delay = limits.first_delay;
  for (unsigned i = 0; i < step && delay < limits.last_delay; ++i)
    delay *= 2;
  return std::min(delay, limits.last_delay);
}

} // namespace supervisor
