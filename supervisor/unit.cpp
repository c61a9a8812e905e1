// SPDX-License-Identifier: Apache-2.0
#include "supervisor/unit.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"
#include "base/log.hpp"
#include "supervisor/log_target.hpp"

namespace supervisor {

using actors::child_state;

namespace {

constexpr milliseconds long_operation{1000};
/// In one operation for so long, a child is slow: said once an operation, and left alone.
constexpr milliseconds slow_after{5000};

} // namespace

unit::unit(std::vector<child_spec> members, std::shared_ptr<gate> guard,
           const restart_limits& limits, milliseconds close_budget, unit_host& host)
  : gate_(std::move(guard)), limits_(limits), close_budget_(close_budget), host_(host) {
  BASE_CHECK(!members.empty(), "a unit of supervision has a member");
  const auto& first = members.front();
  name_ = first.group.empty() ? first.id : first.group;
  for (auto& spec : members) {
    member fresh;
    fresh.spec = std::move(spec);
    fresh.since = host_.now();
    members_.push_back(std::move(fresh));
  }
}

void unit::start() {
  BASE_CHECK(state_ == unit_state::waiting, "a unit is started once");
  begin_attempt(next_scope_);
}

base::result<std::string> unit::restart() {
  auto what = label();
  if (ends_for_good_)
    return base::fail(base::errc::interrupted, "the node is stopping");
  if (state_ == unit_state::waiting)
    return base::fail(base::errc::busy, what + " waits for what starts before it");
  if (state_ == unit_state::broken)
    return base::fail(base::errc::unsupported, what + " hangs; only a new process helps");

  base::log::warn(log_target, "manual restart requested (bypasses meltdown check)",
                  {{"unit", name_}});
  host_.record(name_, "restart requested", "");
  next_attempt_ = host_.now();
  history_ = begin_trial(std::move(history_));
  switch (state_) {
  case unit_state::checking:
  case unit_state::starting: return "the start of " + what + " is under way";
  case unit_state::stopping: after_ = after_stop::restart; break;
  case unit_state::running:
    history_ = after_end(std::move(history_), how_ended::on_request, restart_kind::permanent,
                         host_.now(), limits_)
                   .history;
    stop_members(exit_manner::orderly, after_stop::restart);
    break;
  default: begin_attempt(next_scope_); break;
  }
  return "restarting " + what;
}

base::result<std::string> unit::clear() {
  if (ends_for_good_)
    return base::fail(base::errc::interrupted, "the node is stopping");
  if (state_ != unit_state::refused)
    return base::fail(base::errc::invalid, label() + " is not refused: nothing to clear");
  if (!gate_->forgive())
    return base::fail(base::errc::invalid, label() + " has no quarantine");
  base::log::warn(log_target, "quarantine cleared by an operator, checking again",
                  {{"unit", name_}});
  host_.record(name_, "quarantine cleared", "by an operator");
  next_attempt_ = host_.now();
  begin_attempt(check_scope::everything);
  return "checking the stores of " + label() + " again";
}

void unit::on_tick() {
  auto now = host_.now();
  switch (state_) {
  case unit_state::starting:
    if (is_out_of_time(now))
      give_up_on_start(members_[at_]);
    break;
  case unit_state::stopping: watch_stopping(now); break;
  case unit_state::backing_off:
    if (now >= next_attempt_)
      needs_check_ ? begin_attempt(next_scope_) : start_members();
    break;
  case unit_state::circuit_open:
    if (now >= next_attempt_)
      try_once();
    break;
  case unit_state::running: watch_running(now); break;
  default: break;
  }
}

void unit::watch_running(steady_time now) {
  close_circuit_when_stable(now);
  for (auto& each : members_) {
    if (!each.handle || !each.spec.busy_for)
      continue;
    auto busy_for = each.spec.busy_for();
    report_slowness(each, busy_for);
    // What short operations do is not looked at: they cannot hang, and looking costs.
    if (busy_for < long_operation || !each.spec.owns_store) {
      each.progressed_at = now;
      continue;
    }
    auto stuck_for = time_without_progress(each, now);
    if (stuck_for < each.spec.hang_bound)
      continue;
    hang(each, "stuck in one operation for " + std::to_string(stuck_for.count()) + " ms");
    return;
  }
}

void unit::report_slowness(member& who, milliseconds busy_for) {
  bool is_slow = busy_for >= slow_after;
  if (std::exchange(who.is_slow, is_slow) == is_slow)
    return;
  if (!is_slow) {
    base::log::info(log_target, "child goes on", {{"child", who.spec.id}});
    return;
  }
  base::log::warn(log_target, "child is slow",
                  {{"child", who.spec.id}, {"busy_ms", busy_for.count()}});
  host_.record(who.spec.id, "slow",
               "in one operation for " + std::to_string(busy_for.count() / 1000) + " s");
}

void unit::close_circuit_when_stable(steady_time now) {
  auto before = history_.circuit;
  history_ = after_time(std::move(history_), now, limits_);
  if (before == history_.circuit)
    return;
  base::log::info(log_target, "circuit breaker closed", {{"unit", name_}});
  host_.record(name_, "circuit closed", "the trial has been stable");
}

bool unit::has_member(const std::string& id) const {
  return std::ranges::any_of(members_, [&](const member& each) { return each.spec.id == id; });
}

bool unit::is_at_rest() const {
  return state_ == unit_state::stopped || state_ == unit_state::broken;
}

std::string unit::label() const {
  return (members_.front().spec.group.empty() ? "child '" : "group '") + name_ + "'";
}

std::string unit::what_follows() const {
  switch (state_) {
  case unit_state::waiting: return "start, when what stands before it is up";
  case unit_state::checking: return "start, when the check of the stores passes";
  case unit_state::starting: return "running, when every member has begun";
  case unit_state::running:
    return history_.circuit == circuit_state::half_open ? "the circuit closes" : "";
  case unit_state::stopping:
    if (ends_for_good_ || after_ == after_stop::rest)
      return "stopped";
    return after_ == after_stop::restart ? "restart" : "one trial restart";
  case unit_state::backing_off: return needs_check_ ? "check of the stores, then start" : "start";
  case unit_state::circuit_open: return "one trial restart";
  case unit_state::refused: return "nothing, until an operator has seen to the stores";
  case unit_state::stopped:
    return ends_for_good_ ? "nothing: the node stops" : "nothing, until an operator restarts it";
  case unit_state::broken: return "the process ends";
  }
  return {};
}

std::optional<milliseconds> unit::until_what_follows() const {
  auto left = [this](steady_time then) {
    return std::max(milliseconds::zero(), std::chrono::ceil<milliseconds>(then - host_.now()));
  };
  if (state_ == unit_state::backing_off || state_ == unit_state::circuit_open)
    return left(next_attempt_);
  if (state_ == unit_state::running && history_.circuit == circuit_state::half_open
      && history_.running_since)
    return left(*history_.running_since + limits_.stable_closes_after);
  return std::nullopt;
}

std::vector<actors::child_status> unit::status() const {
  std::vector<actors::child_status> rows;
  for (const auto& each : members_) {
    actors::child_status row;
    row.name = each.spec.id;
    row.group = each.spec.group;
    row.state = each.state;
    row.restarts = restarts();
    row.last_error = each.last_error;
    row.since = each.since;
    row.next_attempt_in = until_what_follows();
    row.next = what_follows();
    row.restart_kind = to_string(each.spec.restart);
    row.circuit = history_.circuit;
    row.restarts_in_window = restarts_in_window(history_, host_.now(), limits_);
    row.next_delay = delay_of(history_.next_delay, limits_);
    rows.push_back(std::move(row));
  }
  return rows;
}

unit::member* unit::find(const caf::actor_addr& child) {
  auto at = std::ranges::find_if(
      members_, [&](const member& each) { return each.handle && each.handle.address() == child; });
  return at == members_.end() ? nullptr : &*at;
}

void unit::forget(member& who) {
  if (std::exchange(who.is_known, false))
    who.spec.forget();
}

void unit::set(member& who, child_state state) {
  if (who.state != state)
    who.since = host_.now();
  who.state = state;
}

void unit::set_all(child_state state) {
  for (auto& each : members_)
    set(each, state);
}

void unit::give_time(member& who, milliseconds budget) {
  budget_ = budget;
  who.progressed_at = host_.now();
  who.progress_seen = who.spec.progress ? who.spec.progress() : 0;
}

bool unit::is_out_of_time(steady_time now) {
  return time_without_progress(members_[at_], now) >= budget_;
}

milliseconds unit::time_without_progress(member& who, steady_time now) {
  auto seen = who.spec.progress ? who.spec.progress() : who.progress_seen;
  if (seen != who.progress_seen)
    who.progressed_at = now;
  who.progress_seen = seen;
  return std::chrono::duration_cast<milliseconds>(now - who.progressed_at);
}

bool unit::owns_store() const {
  return std::ranges::any_of(members_, [](const member& each) { return each.spec.owns_store; });
}

} // namespace supervisor
