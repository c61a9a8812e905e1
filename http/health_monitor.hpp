// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/alarms.hpp"
#include "http/health.hpp"

namespace http {

/// Looks at the node once a second, whether or not anybody asks: counts how often in a row
/// the raft actor failed, and notes since when each alarm stands. What it knows may be read
/// by any thread.
class health_monitor {
public:
  static constexpr std::chrono::seconds look_every{1};

  health_monitor() = default;
  health_monitor(const health_monitor&) = delete;
  health_monitor& operator=(const health_monitor&) = delete;
  ~health_monitor() { stop(); }

  /// The health got worse than at the look before: what it is, and the checks that say so.
  using worsened = std::function<void(std::string_view status, const std::string& why)>;

  /// Requires: not started. `look` and `told`, which may be empty, are called on a thread of the
  /// monitor's own.
  void start(std::function<health_input()> look, worsened told = {});
  /// No call of `look` is under way or follows. Any number of times.
  void stop();

  /// One look, as the thread takes it.
  void observe(health_input seen, std::chrono::system_clock::time_point now);

  /// How often in a row the raft actor failed to tick in time.
  unsigned probe_failures() const { return probe_failures_.load(std::memory_order_relaxed); }
  std::uint64_t looks() const { return looks_.load(std::memory_order_relaxed); }
  std::uint64_t looks_failed() const { return looks_failed_.load(std::memory_order_relaxed); }
  std::vector<standing_alarm> alarms() const;

private:
  void run(const std::function<health_input()>& look);
  void tell_if_worse(const health_input& seen, const health_report& report);

  std::atomic<unsigned> probe_failures_{0};
  std::atomic<std::uint64_t> looks_{0};
  std::atomic<std::uint64_t> looks_failed_{0};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  alarm_book book_;
  worsened told_;
  std::optional<health_status> last_; ///< at the last look while the node ran
  bool is_stopping_ = false;
  std::thread thread_;
};

} // namespace http
