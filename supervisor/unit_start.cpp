// SPDX-License-Identifier: Apache-2.0
// How a unit begins a life: gate, back-off, one member after the other.
#include <algorithm>
#include <utility>

#include "base/log.hpp"
#include "supervisor/log_target.hpp"
#include "supervisor/unit.hpp"

namespace supervisor {

using actors::child_state;

namespace {

std::string first_violation(const storage::check_report& report) {
  for (const auto& finding : report.findings)
    if (finding.is_violated)
      return finding.text;
  return report.what_to_do;
}

} // namespace

void unit::begin_attempt(check_scope scope) {
  if (!gate_) {
    proceed_to_start();
    return;
  }
  state_ = unit_state::checking;
  set_all(child_state::checking);
  ++check_run_;
  host_.start_check(name_, *gate_, scope, check_run_);
}

void unit::on_checked(std::uint64_t run, const storage::check_report& report) {
  if (state_ != unit_state::checking || run != check_run_)
    return;
  if (ends_for_good_) {
    rest();
    return;
  }
  host_.on_report(report);
  switch (report.verdict) {
  case storage::verdict::rebuild:
    base::log::warn(log_target, "the state machine is missing and is rebuilt from the log",
                    {{"unit", name_}, {"reason", first_violation(report)}});
    [[fallthrough]];
  case storage::verdict::ok:
    retries_ = 0;
    proceed_to_start();
    return;
  case storage::verdict::retry: check_later(report); return;
  case storage::verdict::refuse: break;
  }
  refuse(report);
}

void unit::check_later(const storage::check_report& report) {
  auto why = first_violation(report);
  auto delay = delay_of(retries_, limits_);
  base::log::warn(log_target, "storage validation could not be made, trying again",
                  {{"unit", name_}, {"delay_ms", delay.count()}, {"reason", why}});
  // Once a series: the history is bounded and would hold nothing else after an hour.
  if (retries_++ == 0)
    host_.record(name_, "check postponed", why);
  for (auto& each : members_)
    each.last_error = why;
  needs_check_ = true;
  back_off_until(host_.now() + delay);
}

void unit::refuse(const storage::check_report& report) {
  state_ = unit_state::refused;
  retries_ = 0;
  next_scope_ = check_scope::everything;
  auto why = first_violation(report);
  set_all(child_state::refused);
  for (auto& each : members_)
    each.last_error = why;
  host_.record(name_, "refused", why);
  host_.on_refused(name_, report);
}

void unit::proceed_to_start() {
  needs_check_ = false;
  if (host_.now() < next_attempt_)
    back_off_until(next_attempt_);
  else
    start_members();
}

void unit::back_off_until(steady_time when) {
  state_ = unit_state::backing_off;
  next_attempt_ = when;
  set_all(child_state::backing_off);
}

void unit::try_once() {
  history_ = begin_trial(std::move(history_));
  base::log::warn(log_target, "circuit breaker half-open, one trial restart", {{"unit", name_}});
  host_.record(name_, "trial restart", "the circuit is half open");
  begin_attempt(next_scope_);
}

void unit::start_members() {
  ++generation_;
  state_ = unit_state::starting;
  at_ = 0;
  set_all(child_state::stopped);
  start_next();
}

void unit::start_next() {
  if (at_ == members_.size()) {
    complete_start();
    return;
  }
  auto& next = members_[at_];
  set(next, child_state::starting);
  try {
    next.handle = host_.start_child(next.spec, generation_);
  } catch (const std::exception& thrown) {
    fail_start(next, thrown.what());
    return;
  }
  next.is_known = true;
  give_time(next, next.spec.start_budget);
  host_.ask_to_begin(next.handle);
}

void unit::on_begun(const caf::actor_addr& child) {
  auto* who = find(child);
  if (who == nullptr || state_ != unit_state::starting || who != &members_[at_])
    return;
  set(*who, child_state::running);
  base::log::debug(log_target, "child started",
                   {{"child", who->spec.id}, {"generation", generation_}});
  ++at_;
  start_next();
}

void unit::on_begin_failed(const caf::actor_addr& child, const std::string& why) {
  auto* who = find(child);
  if (who != nullptr && state_ == unit_state::starting && who == &members_[at_])
    fail_start(*who, why);
}

void unit::fail_start(member& who, const std::string& why) {
  end_life(who, how_ended::crashed, "failed to start: " + why);
}

void unit::give_up_on_start(member& who) {
  auto why = "no answer to begin within " + std::to_string(who.spec.start_budget.count()) + " ms";
  if (who.spec.owns_store)
    hang(who, why);
  else
    fail_start(who, why);
}

void unit::complete_start() {
  state_ = unit_state::running;
  was_up_ = true;
  next_scope_ = check_scope::new_tail;
  history_ = after_start(std::move(history_), host_.now());
  bool is_first = generation_ == 1;
  base::log::info(log_target, is_first ? "started" : "restarted successfully",
                  {{"unit", name_}, {"generation", generation_}});
  host_.record(name_, is_first ? "started" : "restarted",
               "generation " + std::to_string(generation_));
}

} // namespace supervisor
