// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "actors/node_status.hpp"
#include "base/result.hpp"
#include "supervisor/child_spec.hpp"

/// When a unit of supervision (a group, or a child that stands alone) is started again.
/// Arithmetic over (history, now, limits) alone: no clock, no timer, no actor. The circuit
/// is a breaker: closed lets restarts pass, open holds them, half open lets one try.
namespace supervisor {

using actors::circuit_state;
using actors::steady_time;
using std::chrono::milliseconds;

struct restart_limits {
  /// False: whatever ends stays down until an operator restarts it.
  bool is_automatic = true;
  /// The back-off doubles from the first to the last delay.
  milliseconds first_delay{std::chrono::seconds(1)};
  milliseconds last_delay{std::chrono::seconds(16)};
  /// So many restarts within the window, and the next one opens the circuit.
  std::size_t restarts_max = 3;
  milliseconds window{std::chrono::minutes(10)};
  /// How long an open circuit stays open before one trial restart.
  milliseconds circuit_open_for{std::chrono::seconds(300)};
  /// A trial that ran so long closes the circuit.
  milliseconds stable_closes_after{std::chrono::seconds(120)};
  /// A unit that ran so long starts its back-off afresh.
  milliseconds stable_resets_after{std::chrono::seconds(300)};
};

/// Errors: `invalid`, naming the limit. All times are above zero, `restarts_max` too, and
/// `last_delay` is not below `first_delay`.
base::status validate(const restart_limits& limits);

/// How a life ended. A failed start is a crash after a life of no length.
enum class how_ended {
  normally,   ///< the child was done
  on_request, ///< the supervisor, or an operator through it, asked for it
  crashed,    ///< exception, broken invariant, failed sync, failed start, kill
};

/// What the past of one unit comes down to.
struct restart_history {
  /// When restarts were decided, oldest first; pruned to the window.
  std::vector<steady_time> restarts;
  /// Which delay of the back-off is next.
  unsigned next_delay = 0;
  circuit_state circuit = circuit_state::closed;
  /// Since when all of the unit has been running; none while it is not.
  std::optional<steady_time> running_since;
};

enum class next_move {
  restart,      ///< after `after`
  open_circuit, ///< one trial after `after`
  give_up,      ///< down until an operator restarts it
};

struct restart_decision {
  next_move move = next_move::restart;
  milliseconds after{0};
};

struct decided {
  restart_decision decision;
  restart_history history;
};

/// Whether such an end is followed by a new life at all.
bool is_restarted(how_ended how, restart_kind kind);

/// What follows the end of a life at `now`. An end on request is restarted at once and
/// not counted (INV-100); a normal end counts where `kind` restarts it at all.
decided after_end(restart_history history, how_ended how, restart_kind kind, steady_time now,
                  const restart_limits& limits);

/// All of the unit runs from `now` on.
restart_history after_start(restart_history history, steady_time now);

/// Closes a half-open circuit behind a trial that has been stable; call it now and then.
restart_history after_time(restart_history history, steady_time now, const restart_limits& limits);

/// The one start that an open circuit lets through, after its time or by an operator.
restart_history begin_trial(restart_history history);

/// Restarts decided in the window that ends at `now`.
std::size_t restarts_in_window(const restart_history& history, steady_time now,
                               const restart_limits& limits);

/// The delay before attempt `step` (from 0): first, doubled, …, last, last.
milliseconds delay_of(unsigned step, const restart_limits& limits);

} // namespace supervisor
