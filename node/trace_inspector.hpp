// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "trace/checker.hpp"
#include "trace/recorder.hpp"

namespace node {

/// Holds samples of what this node records against the rules (trace/checker.hpp) while it runs. On a
/// thread of its own, of low priority, which reads the ring beside those who write it: no actor
/// waits, and a look costs no more than its events. A violation is said in the log with what led to
/// it, counted, and handed to `on_violation`.
class trace_inspector {
public:
  /// The newest events of a look: some ten milliseconds of work.
  static constexpr std::size_t events_max = 20'000;

  /// `on_violation` is called on the inspector's thread with the rule's name, once for each
  /// violation. All outlive it. Requires: `interval` above zero.
  trace_inspector(std::shared_ptr<const trace::recorder> recorder,
                  std::chrono::milliseconds interval, prometheus::Registry& registry,
                  std::uint64_t node_id, std::function<void(std::string_view)> on_violation);
  ~trace_inspector();
  trace_inspector(const trace_inspector&) = delete;
  trace_inspector& operator=(const trace_inspector&) = delete;

private:
  static constexpr std::size_t told_max = 256;

  void run();
  void look();
  void tell(const trace::violation& what);

  const std::shared_ptr<const trace::recorder> recorder_;
  const std::chrono::milliseconds interval_;
  const std::function<void(std::string_view)> on_violation_;
  prometheus::Counter& looks_;
  std::array<prometheus::Counter*, trace::rule_count> broken_{};
  std::set<std::string> told_; ///< looks may overlap: each violation is told once

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_ending_ = false;
  std::thread thread_;
};

} // namespace node
