// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "base/result.hpp"
#include "node/setting_values.hpp"
#include "trace/recorder.hpp"
#include "trace/sampling.hpp"

namespace httplib {
class Client;
}

namespace node {

struct otlp_exporter_settings {
  http_url url;         ///< without a path: the one that the protocol names, `/v1/traces`
  trace::sample sample; ///< the limit is of one look
  std::chrono::milliseconds look_interval{1000};
};

/// Sends traces that came to rest to a collector, as requests of the OpenTelemetry protocol
/// over HTTP in its JSON form (https://opentelemetry.io/docs/specs/otlp/#otlphttp). On a thread
/// of its own, which reads the ring beside those who write it: no actor and no request waits for
/// a collector. What a collector does not take is counted and not sent again: it stays in the
/// ring for a while, and in dumps. After a failure the next try waits, twice as long each time.
class otlp_exporter {
public:
  /// Requires: all outlive it. The registry gets its counters.
  otlp_exporter(std::shared_ptr<const trace::recorder> recorder, otlp_exporter_settings settings,
                prometheus::Registry& registry, std::uint64_t node_id);
  /// Ends a request under way. Waits for a look-up of the collector's name, if one runs.
  ~otlp_exporter();
  otlp_exporter(const otlp_exporter&) = delete;
  otlp_exporter& operator=(const otlp_exporter&) = delete;

private:
  static constexpr std::chrono::seconds pause_max{60};

  void run();
  void look();
  /// Nothing, or why the collector did not take it.
  base::status post(const std::string& body);
  void tell(const base::status& outcome);

  const std::shared_ptr<const trace::recorder> recorder_;
  const otlp_exporter_settings settings_;
  prometheus::Counter& accepted_;
  prometheus::Counter& failed_;
  prometheus::Counter& left_out_;

  // The thread's.
  std::uint64_t looked_until_ns_;
  std::chrono::milliseconds pause_{0}; ///< after a failure; zero: the last one was taken
  std::chrono::steady_clock::time_point not_before_{};

  std::mutex mutex_;
  std::condition_variable changed_;
  httplib::Client* asking_ = nullptr; ///< while a request is under way
  bool is_ending_ = false;
  std::thread thread_;
};

} // namespace node
