// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>

#include "supervisor/restart_policy.hpp"
#include "supervisor/unit_host.hpp"

namespace supervisor {

/// Where a unit is in its life.
enum class unit_state {
  waiting,  ///< for the units before it, at the first start
  checking, ///< the gate looks at the stores
  starting, ///< one member after the other opens what it owns
  running,
  stopping,     ///< members end in reverse order; then the stores are confirmed closed
  backing_off,  ///< until the next attempt
  circuit_open, ///< until the trial
  refused,      ///< the gate said no; only an operator goes on from here
  stopped,      ///< ended and not to be started by itself
  broken,       ///< a member that owns a store hangs; only a new process helps
};

/// What lives and ends together: a group of children, or one child that stands alone.
/// Events go in, calls to the `unit_host` come out; one thread. The end of one member
/// ends all (INV-102); a group starts behind its gate, and the gate runs only while its
/// stores are closed (INV-101); every life has a new generation (INV-103).
class unit {
public:
  /// Requires: `members` not empty; `host` outlives the unit. `guard` may be null.
  unit(std::vector<child_spec> members, std::shared_ptr<gate> guard, const restart_limits& limits,
       milliseconds close_budget, unit_host& host);

  // -- what happens -------------------------------------------------------------

  /// Requires: waiting.
  void start();
  /// An operator's restart. What it sets going, or why it cannot: `interrupted`, `busy`,
  /// `unsupported`. A unit that is up keeps running when it is refused.
  base::result<std::string> restart();
  /// An operator's word that a refusal is settled: the gate looks again, at everything.
  /// Errors as of `restart`, and `invalid` when nothing was refused.
  base::result<std::string> clear();
  /// Ends for good; `is_at_rest` says when. A second call changes nothing.
  void stop();
  /// Events of children that are not of this unit's present life are ignored.
  void on_begun(const caf::actor_addr& child);
  void on_begin_failed(const caf::actor_addr& child, const std::string& why);
  void on_down(const caf::actor_addr& child, how_ended how, const std::string& why);
  void on_checked(std::uint64_t run, const storage::check_report& report);
  /// The time has gone on.
  void on_tick();

  // -- what is ------------------------------------------------------------------

  /// The group's name, or the lone child's id.
  const std::string& name() const { return name_; }
  bool has_member(const std::string& id) const;
  unit_state state() const { return state_; }
  /// It was complete once, or will not be by itself: what comes after it need not wait.
  bool lets_others_start() const { return was_up_; }
  /// Nothing of it runs or is about to run.
  bool is_at_rest() const;
  std::uint64_t restarts() const { return generation_ == 0 ? 0 : generation_ - 1; }
  const restart_history& history() const { return history_; }
  /// One row a member, in start order.
  std::vector<actors::child_status> status() const;

private:
  struct member {
    child_spec spec;
    caf::actor handle;     ///< null: does not run
    bool is_known = false; ///< to the directory
    actors::child_state state = actors::child_state::stopped;
    steady_time since{};
    std::string last_error;
    bool is_slow = false; ///< as was last said
    std::uint64_t progress_seen = 0;
    steady_time progressed_at{}; ///< or when the present life, or the present budget, began
  };
  enum class after_stop { restart, open_circuit, rest };

  // starting
  void begin_attempt(check_scope scope);
  void check_later(const storage::check_report& report);
  void refuse(const storage::check_report& report);
  void proceed_to_start();
  void back_off_until(steady_time when);
  void try_once();
  void start_members();
  void start_next();
  void fail_start(member& who, const std::string& why);
  void give_up_on_start(member& who);
  void complete_start();
  // ending
  void end_life(member& first, how_ended how, const std::string& why);
  void plan_restart(const decided& next);
  void stop_members(exit_manner how, after_stop next);
  void stop_next();
  void watch_stopping(steady_time now);
  void await_closed();
  void watch_closing(steady_time now);
  milliseconds time_to_die(const member& who) const;
  void after_all_stopped();
  void rest();
  void hang(member& who, const std::string& why);
  // helpers
  member* find(const caf::actor_addr& child);
  void forget(member& who);
  void set(member& who, actors::child_state state);
  void set_all(actors::child_state state);
  void close_circuit_when_stable(steady_time now);
  void watch_running(steady_time now);
  void report_slowness(member& who, milliseconds busy_for);
  void give_time(member& who, milliseconds budget);
  bool is_out_of_time(steady_time now);
  static milliseconds time_without_progress(member& who, steady_time now);
  bool owns_store() const;
  std::string label() const;
  std::string what_follows() const;
  std::optional<milliseconds> until_what_follows() const;

  std::string name_;
  std::vector<member> members_;
  std::shared_ptr<gate> gate_;
  restart_limits limits_;
  milliseconds close_budget_;
  unit_host& host_;

  unit_state state_ = unit_state::waiting;
  bool was_up_ = false;
  bool ends_for_good_ = false;
  std::uint64_t generation_ = 0;
  restart_history history_;

  std::uint64_t check_run_ = 0;
  unsigned retries_ = 0;    ///< checks in a row that could not be made
  bool needs_check_ = true; ///< before the attempt that is waited for
  check_scope next_scope_ = check_scope::everything;
  steady_time next_attempt_{}; ///< while backing off or the circuit is open, and for the check

  std::size_t at_ = 0; ///< the member that is being started or stopped
  exit_manner manner_ = exit_manner::orderly;
  bool was_killed_ = false; ///< the member at `at_`
  after_stop after_ = after_stop::rest;
  bool awaits_closed_ = false; ///< all members ended; the stores must be closed yet
  milliseconds budget_{0};     ///< of what is awaited now
  steady_time budget_began_{};
  std::uint64_t progress_seen_ = 0;
};

} // namespace supervisor
