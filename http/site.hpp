// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>

#include "actors/gateway.hpp"
#include "http/disk_probe.hpp"
#include "http/health_monitor.hpp"
#include "http/host_rule.hpp"
#include "http/metrics.hpp"
#include "http/settings.hpp"

namespace http {

/// What the workers of both listeners share. Everything in it may be used by any thread.
struct site {
  site(const http::settings& given, actors::gateway& door, actors::node_metrics& instruments);

  const http::settings settings;
  actors::gateway& gateway;
  http::host_rule host_rule;
  http::disk_probe disk;
  http::metrics metrics;
  http::health_monitor monitor;
  const std::chrono::steady_clock::time_point started;
  /// Set once: requests for data are refused, and every connection ends with its answer.
  std::atomic<bool> is_draining{false};
  /// In milliseconds; zero: no request is slow.
  std::atomic<std::chrono::milliseconds::rep> slow_request;

  /// What the board says, `starting` before it says anything, `draining` when we do.
  actors::phase phase() const;
};

} // namespace http
