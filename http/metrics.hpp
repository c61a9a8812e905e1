// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "actors/metrics.hpp"
#include "http/request_head.hpp"

namespace http {

struct route;

enum class rejection { connections, requests_in_flight, memory, descriptors, malformed };

/// The HTTP families. Counting takes a few atomic operations; series are made once. Any
/// thread.
class metrics {
public:
  metrics(actors::node_metrics& instruments, std::uint64_t node_id);
  ~metrics();

  /// One answered request. `matched` null: refused before a route was found.
  void count(const route* matched, method asked, int status, std::chrono::nanoseconds took);
  void count_rejected(rejection reason);
  void count_health(bool is_healthy);

  /// What the actors' and our own instruments are registered in.
  const prometheus::Registry& registry() const { return *registry_; }

  prometheus::Gauge& requests_in_flight;
  prometheus::Gauge& connections;

private:
  struct by_route;
  prometheus::Counter& counter_for(by_route& series, std::size_t status_index, const char* name,
                                   std::string_view pattern, int status);

  const std::shared_ptr<const prometheus::Registry> registry_;
  const std::string node_id_;
  prometheus::Family<prometheus::Counter>& requests_;
  prometheus::Family<prometheus::Counter>& rejected_;
  std::array<prometheus::Counter*, 5> rejections_{};
  prometheus::Counter& health_checks_;
  prometheus::Counter& health_failures_;
  prometheus::Histogram& write_latency_; ///< the plain names of a node's first dashboards
  prometheus::Histogram& read_latency_;
  std::unique_ptr<by_route[]> routes_; ///< one each, and one for "none"
};

} // namespace http
