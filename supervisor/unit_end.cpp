// SPDX-License-Identifier: Apache-2.0
// How a life of a unit ends: by itself, on request, or not at all.
#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "supervisor/log_target.hpp"
#include "supervisor/unit.hpp"

namespace supervisor {

using actors::child_state;

namespace {

std::string in_seconds(milliseconds span) {
  auto tenths = span.count() / 100;
  return std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s";
}

std::string describe(const restart_decision& decision) {
  switch (decision.move) {
  case next_move::restart: return "restart in " + in_seconds(decision.after);
  case next_move::open_circuit: return "circuit open, trial in " + in_seconds(decision.after);
  case next_move::give_up: break;
  }
  return "not restarted";
}

} // namespace

void unit::on_down(const caf::actor_addr& child, how_ended how, const std::string& why) {
  auto* who = find(child);
  if (who == nullptr)
    return;
  forget(*who);
  who->handle = nullptr;
  if (state_ == unit_state::running || state_ == unit_state::starting) {
    end_life(*who, how, why);
    return;
  }
  set(*who, child_state::stopped);
  if (state_ == unit_state::stopping && !awaits_closed_ && who == &members_[at_])
    stop_next();
}

void unit::end_life(member& first, how_ended how, const std::string& why) {
  // Who ends before it has begun has failed, however politely, and then the unit with it.
  bool had_begun = first.state == child_state::running;
  if (!had_begun)
    how = how_ended::crashed;
  auto kind = had_begun || members_.size() == 1 ? first.spec.restart : restart_kind::permanent;
  bool others_go_on = std::ranges::any_of(members_, [&](const member& each) {
    return each.handle && &each != &first && !is_restarted(how, kind);
  });
  set(first, child_state::stopped);
  first.last_error = why;
  auto ran = history_.running_since ? host_.now() - *history_.running_since
                                    : steady_time::duration::zero();
  decided next{{next_move::give_up, milliseconds::zero()}, history_};
  if (!others_go_on)
    next = after_end(history_, how, kind, host_.now(), limits_);

  auto ran_ms = std::chrono::duration_cast<milliseconds>(ran);
  auto level = how == how_ended::crashed ? base::log::level::error : base::log::level::warn;
  base::log::write(level, log_target, "child ended",
                   {{"child", first.spec.id},
                    {"reason", why},
                    {"uptime_ms", ran_ms.count()},
                    {"generation", generation_},
                    {"next", describe(next.decision)}});
  host_.record(first.spec.id, "ended",
               why + "; ran " + in_seconds(ran_ms) + "; generation " + std::to_string(generation_)
                   + "; " + describe(next.decision));
  if (!others_go_on)
    plan_restart(next);
}

void unit::plan_restart(const decided& next) {
  history_ = next.history;
  needs_check_ = true;
  next_attempt_ = host_.now() + next.decision.after;
  switch (next.decision.move) {
  case next_move::restart:
    base::log::info(log_target, "applying exponential backoff before restart",
                    {{"unit", name_}, {"delay_ms", next.decision.after.count()}});
    stop_members(exit_manner::kill, after_stop::restart);
    return;
  case next_move::open_circuit:
    base::log::error(log_target, "circuit breaker opening due to excessive restarts",
                     {{"unit", name_},
                      {"restarts_max", limits_.restarts_max},
                      {"window_s", limits_.window.count() / 1000},
                      {"trial_in_s", next.decision.after.count() / 1000}});
    host_.record(name_, "circuit opened", describe(next.decision));
    stop_members(exit_manner::kill, after_stop::open_circuit);
    return;
  case next_move::give_up: break;
  }
  base::log::warn(log_target, "auto-restart disabled, actor will not be restarted",
                  {{"unit", name_}});
  stop_members(exit_manner::kill, after_stop::rest);
}

void unit::stop() {
  if (std::exchange(ends_for_good_, true))
    return;
  switch (state_) {
  case unit_state::checking: gate_->cancel(); break;
  case unit_state::starting:
  case unit_state::running: stop_members(exit_manner::orderly, after_stop::rest); break;
  case unit_state::stopping:
    if (!awaits_closed_)
      give_time(members_[at_], std::min(budget_, time_to_die(members_[at_])));
    break;
  case unit_state::broken: break;
  default: rest(); break;
  }
}

void unit::stop_members(exit_manner how, after_stop next) {
  state_ = unit_state::stopping;
  manner_ = how;
  after_ = next;
  // After a crash nobody finds any of the group from now on, also those whose turn is later.
  if (how == exit_manner::kill)
    for (auto& each : members_)
      forget(each);
  stop_next();
}

void unit::stop_next() {
  auto last = std::find_if(members_.rbegin(), members_.rend(),
                           [](const member& each) { return each.handle != nullptr; });
  if (last == members_.rend()) {
    await_closed();
    return;
  }
  at_ = static_cast<std::size_t>(std::distance(members_.begin(), last.base())) - 1;
  was_killed_ = manner_ == exit_manner::kill;
  set(*last, child_state::stopping);
  forget(*last);
  give_time(*last, was_killed_ ? time_to_die(*last) : last->spec.shutdown_budget);
  host_.end_child(last->handle, manner_);
}

void unit::watch_stopping(steady_time now) {
  if (awaits_closed_) {
    watch_closing(now);
    return;
  }
  if (!is_out_of_time(now))
    return;
  auto& slow = members_[at_];
  if (!std::exchange(was_killed_, true)) {
    base::log::warn(log_target, "child did not stop in time, killing it",
                    {{"child", slow.spec.id}, {"budget_ms", slow.spec.shutdown_budget.count()}});
    give_time(slow, time_to_die(slow));
    host_.end_child(slow.handle, exit_manner::kill);
    return;
  }
  auto why =
      "did not end within " + std::to_string(slow.spec.shutdown_budget.count()) + " ms of its kill";
  if (slow.spec.owns_store) {
    hang(slow, why);
    return;
  }
  base::log::error(log_target, "child hangs and is abandoned", {{"child", slow.spec.id}});
  host_.record(slow.spec.id, "abandoned", why);
  host_.abandon(slow.handle, slow.spec.id);
  slow.handle = nullptr;
  slow.last_error = why;
  set(slow, child_state::stopped);
  stop_next();
}

/// In a restart nobody waits for the end, and an owner of a store may have one long sync
/// before it; to stop the node there is the shutdown budget and no more.
milliseconds unit::time_to_die(const member& who) const {
  return who.spec.owns_store && !ends_for_good_ ? who.spec.hang_bound : who.spec.shutdown_budget;
}

void unit::await_closed() {
  awaits_closed_ = true;
  at_ = 0;
  give_time(members_[at_], close_budget_);
  watch_closing(host_.now());
}

void unit::watch_closing(steady_time now) {
  auto open = owns_store() ? host_.stores_open() : std::nullopt;
  if (!open) {
    awaits_closed_ = false;
    after_all_stopped();
    return;
  }
  if (!is_out_of_time(now))
    return;
  awaits_closed_ = false;
  auto owner =
      std::ranges::find_if(members_, [](const member& each) { return each.spec.owns_store; });
  hang(*owner, "all children ended, but still open: " + *open);
}

void unit::after_all_stopped() {
  if (ends_for_good_) {
    rest();
    return;
  }
  switch (after_) {
  case after_stop::restart: begin_attempt(next_scope_); return;
  case after_stop::open_circuit:
    state_ = unit_state::circuit_open;
    set_all(child_state::broken);
    return;
  case after_stop::rest: break;
  }
  rest();
}

void unit::rest() {
  state_ = unit_state::stopped;
  was_up_ = true;
  set_all(child_state::stopped);
  if (ends_for_good_)
    base::log::info(log_target, "stopped", {{"unit", name_}});
}

void unit::hang(member& who, const std::string& why) {
  state_ = unit_state::broken;
  who.last_error = why;
  set(who, child_state::broken);
  for (auto& each : members_) {
    forget(each);
    if (each.handle && &each != &who)
      host_.end_child(each.handle, exit_manner::kill);
  }
  base::log::error(log_target, "child hangs while it owns a store; the process must end",
                   {{"child", who.spec.id}, {"reason", why}});
  host_.record(who.spec.id, "hung", why);
  host_.on_hung(who.spec.id, why);
}

} // namespace supervisor
