// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <prometheus/metric_family.h>

namespace http {

/// Puts metric families together, each sample with the node's id; but for `process_*`, whose
/// series have no labels anywhere. One thread.
class family_builder {
public:
  using labels = std::vector<prometheus::ClientMetric::Label>;

  explicit family_builder(std::uint64_t node_id) : node_id_(std::to_string(node_id)) {}

  /// Begins a family; the samples that follow belong to it.
  family_builder& gauge(const char* name, const char* help) {
    return begin(name, help, prometheus::MetricType::Gauge);
  }
  family_builder& counter(const char* name, const char* help) {
    return begin(name, help, prometheus::MetricType::Counter);
  }
  family_builder& sample(double value, labels extra = {}) {
    prometheus::ClientMetric metric;
    if (!families_.back().name.starts_with("process_"))
      metric.label = {{"node_id", node_id_}};
    metric.label.insert(metric.label.end(), extra.begin(), extra.end());
    (families_.back().type == prometheus::MetricType::Counter ? metric.counter.value
                                                              : metric.gauge.value) = value;
    families_.back().metric.push_back(std::move(metric));
    return *this;
  }
  /// For the integers that statuses are made of.
  family_builder& sample(std::uint64_t value, labels extra = {}) {
    return sample(static_cast<double>(value), std::move(extra));
  }
  family_builder& sample(bool value, labels extra = {}) {
    return sample(value ? 1.0 : 0.0, std::move(extra));
  }

  std::vector<prometheus::MetricFamily> take() { return std::move(families_); }

private:
  family_builder& begin(const char* name, const char* help, prometheus::MetricType type) {
    families_.push_back({name, help, type, {}});
    return *this;
  }

  const std::string node_id_;
  std::vector<prometheus::MetricFamily> families_;
};

} // namespace http
