// SPDX-License-Identifier: Apache-2.0
#include "http/health_monitor.hpp"

#include <utility>

#include <pthread.h>

#include "base/check.hpp"
#include "base/log.hpp"

namespace http {

namespace {

constexpr auto target = "aspen::health";

void log(const alarm_book::change& change) {
  const auto& what = change.what.alarm;
  if (!change.is_raised)
    base::log::info(target, "alarm cleared", {{"alarm", what.name}});
  else if (what.severity == check_status::warning)
    base::log::warn(target, "alarm raised", {{"alarm", what.name}, {"reason", what.message}});
  else
    base::log::error(target, "alarm raised", {{"alarm", what.name}, {"reason", what.message}});
}

} // namespace

void health_monitor::start(std::function<health_input()> look, worsened told) {
  BASE_CHECK(!thread_.joinable(), "the health monitor is started once");
  is_stopping_ = false;
  told_ = std::move(told);
  thread_ = std::thread([this, look = std::move(look)] { run(look); });
  pthread_setname_np(thread_.native_handle(), "health");
}

void health_monitor::stop() {
  {
    std::lock_guard guard(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (thread_.joinable())
    thread_.join();
}

void health_monitor::run(const std::function<health_input()>& look) {
  std::unique_lock guard(mutex_);
  while (!changed_.wait_for(guard, look_every, [this] { return is_stopping_; })) {
    guard.unlock();
    observe(look(), std::chrono::system_clock::now());
    guard.lock();
  }
}

void health_monitor::observe(health_input seen, std::chrono::system_clock::time_point now) {
  bool has_failed = is_raft_late(seen);
  seen.probe_failures = has_failed ? probe_failures() + 1 : 0;
  probe_failures_.store(seen.probe_failures, std::memory_order_relaxed);
  looks_.fetch_add(1, std::memory_order_relaxed);
  looks_failed_.fetch_add(has_failed ? 1 : 0, std::memory_order_relaxed);
  auto report = assess(seen);
  tell_if_worse(seen, report);
  auto found = find_alarms(seen, report);
  std::vector<alarm_book::change> changes;
  {
    std::lock_guard guard(mutex_);
    changes = book_.update(std::move(found), now);
  }
  for (const auto& change : changes)
    log(change);
}

void health_monitor::tell_if_worse(const health_input& seen, const health_report& report) {
  using actors::phase;
  if (seen.phase == phase::draining || (seen.phase == phase::starting && !last_))
    return;
  auto before = std::exchange(last_, report.status);
  if (!told_ || !before || report.status <= *before)
    return;
  std::string why;
  for (const auto& each : report.checks)
    if (each.status != check_status::ok)
      why += (why.empty() ? "" : "; ") + std::string(each.name) + " "
             + std::string(to_string(each.status))
             + (each.message.empty() ? std::string() : ": " + each.message);
  if (report.supervision != health_status::healthy)
    why += (why.empty() ? "" : "; ") + std::string("supervision ")
           + std::string(to_string(report.supervision));
  told_(to_string(report.status), why);
}

std::vector<standing_alarm> health_monitor::alarms() const {
  std::lock_guard guard(mutex_);
  return book_.standing();
}

} // namespace http
