// SPDX-License-Identifier: Apache-2.0
#include "http/metrics.hpp"

#include <string>

#include "http/route_table.hpp"

namespace http {

namespace {

const prometheus::Histogram::BucketBoundaries latency_bounds{
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
    0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};

// Every status this server answers; an unknown one is counted as the last.
constexpr std::array statuses{200, 202, 304, 400, 403, 404, 405, 408, 409, 411, 412, 413, 414,
                              415, 417, 421, 422, 429, 431, 501, 503, 504, 505, 507, 500};

std::size_t index_of(int status) {
  for (std::size_t i = 0; i + 1 < statuses.size(); ++i)
    if (statuses[i] == status)
      return i;
  return statuses.size() - 1;
}

const char* to_string(rejection reason) {
  switch (reason) {
  case rejection::connections: return "connections";
  case rejection::requests_in_flight: return "requests_in_flight";
  case rejection::memory: return "memory";
  case rejection::descriptors: return "descriptors";
  case rejection::malformed: return "malformed";
  }
  return "unknown";
}

struct named {
  const char* name;
  const char* help;
};

prometheus::Gauge& gauge(prometheus::Registry& registry, named what, const std::string& node_id) {
  return prometheus::BuildGauge().Name(what.name).Help(what.help).Register(registry).Add(
      {{"node_id", node_id}});
}

prometheus::Counter& counter(prometheus::Registry& registry, named what,
                             const std::string& node_id) {
  return prometheus::BuildCounter().Name(what.name).Help(what.help).Register(registry).Add(
      {{"node_id", node_id}});
}

prometheus::Histogram& histogram(prometheus::Registry& registry, named what,
                                 const std::string& node_id) {
  return prometheus::BuildHistogram().Name(what.name).Help(what.help).Register(registry).Add(
      {{"node_id", node_id}}, latency_bounds);
}

} // namespace

struct metrics::by_route {
  std::array<std::atomic<prometheus::Counter*>, statuses.size()> by_status{};
  prometheus::Histogram* duration = nullptr;
};

metrics::metrics(actors::node_metrics& instruments, std::uint64_t node_id)
  : requests_in_flight(gauge(*instruments.registry,
                             {"aspen_http_requests_in_flight", "Requests being answered"},
                             std::to_string(node_id))),
    connections(gauge(*instruments.registry, {"aspen_http_connections", "Open connections"},
                      std::to_string(node_id))),
    registry_(instruments.registry), node_id_(std::to_string(node_id)),
    requests_(prometheus::BuildCounter()
                  .Name("aspen_http_requests_total")
                  .Help("Requests answered, by route, method and status")
                  .Register(*instruments.registry)),
    rejected_(prometheus::BuildCounter()
                  .Name("aspen_http_rejected_total")
                  .Help("Requests and connections turned away for a bound, or unreadable")
                  .Register(*instruments.registry)),
    health_checks_(counter(*instruments.registry,
                           {"aspen_health_checks_total", "Health reports given"}, node_id_)),
    health_failures_(counter(*instruments.registry,
                             {"aspen_health_check_failures_total", "Health reports of unhealthy"},
                             node_id_)),
    write_latency_(histogram(*instruments.registry,
                             {"aspen_write_latency_seconds", "Writes over HTTP, until answered"},
                             node_id_)),
    read_latency_(histogram(*instruments.registry,
                            {"aspen_read_latency_seconds", "Reads over HTTP, until answered"},
                            node_id_)),
    routes_(std::make_unique<by_route[]>(routes().size() + 1)) {
  auto& durations = prometheus::BuildHistogram()
                        .Name("aspen_http_request_duration_seconds")
                        .Help("From the first byte of a request to the last of its answer")
                        .Register(*instruments.registry);
  for (std::size_t i = 0; i <= routes().size(); ++i) {
    bool is_none = i == routes().size();
    auto pattern = is_none ? "none" : routes()[i].pattern;
    auto asked = is_none ? method::other : routes()[i].method;
    auto name = std::string(to_string(asked));
    routes_[i].duration = &durations.Add(
        {{"node_id", node_id_}, {"route", std::string(pattern)}, {"method", name}}, latency_bounds);
    // Present from the first scrape, so that a rate over it is never missing.
    counter_for(routes_[i], index_of(is_none ? 404 : 200), name.c_str(), pattern,
                is_none ? 404 : 200);
  }
  for (std::size_t i = 0; i < rejections_.size(); ++i)
    rejections_[i] =
        &rejected_.Add({{"node_id", node_id_}, {"reason", to_string(static_cast<rejection>(i))}});
}

metrics::~metrics() = default;

prometheus::Counter& metrics::counter_for(by_route& series, std::size_t status_index,
                                          const char* name, std::string_view pattern, int status) {
  auto& cell = series.by_status[status_index];
  if (auto* known = cell.load(std::memory_order_acquire))
    return *known;
  // Two threads that come here together are given the same counter.
  auto& made = requests_.Add({{"node_id", node_id_},
                              {"route", std::string(pattern)},
                              {"method", name},
                              {"code", std::to_string(status)}});
  cell.store(&made, std::memory_order_release);
  return made;
}

void metrics::count(const route* matched, method asked, int status, std::chrono::nanoseconds took) {
  auto table = routes();
  auto index = matched == nullptr ? table.size() : static_cast<std::size_t>(matched - table.data());
  auto& series = routes_[index];
  auto pattern = matched == nullptr ? std::string_view{"none"} : matched->pattern;
  // A HEAD is counted with the GET it stands for; what matched nothing, as "other".
  auto name = std::string(to_string(matched == nullptr ? method::other : matched->method));
  auto cell = index_of(status);
  counter_for(series, cell, name.c_str(), pattern, statuses[cell]).Increment();
  auto seconds = std::chrono::duration<double>(took).count();
  series.duration->Observe(seconds);
  if (matched != nullptr && matched->plane == plane::data)
    (asked == method::get || asked == method::head ? read_latency_ : write_latency_)
        .Observe(seconds);
}

void metrics::count_rejected(rejection reason) {
  rejections_[static_cast<std::size_t>(reason)]->Increment();
}

void metrics::count_health(bool is_healthy) {
  health_checks_.Increment();
  if (!is_healthy)
    health_failures_.Increment();
}

} // namespace http
