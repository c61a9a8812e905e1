// SPDX-License-Identifier: Apache-2.0
#include "http/server.hpp"

#include <algorithm>
#include <mutex>
#include <thread>

#include "base/check.hpp"
#include "base/log.hpp"
#include "http/descriptors.hpp"
#include "http/health_handlers.hpp"
#include "http/listener.hpp"
#include "http/site.hpp"

namespace http {

site::site(const http::settings& given, actors::gateway& door, actors::node_metrics& instruments)
  : settings(given), gateway(door), host_rule(given.allowed_hosts),
    disk(given.disk_paths, given.wal_path), metrics(instruments, given.node_id),
    started(std::chrono::steady_clock::now()), slow_request(given.slow_request.count()) {}

actors::phase site::phase() const {
  if (is_draining.load(std::memory_order_relaxed))
    return actors::phase::draining;
  auto said = gateway.status().get<actors::supervisor_status>();
  return said ? said->phase : actors::phase::starting;
}

namespace {

/// A client must not be able to use up what the stores need to open a file.
listener_limits within_descriptors(const http::settings& wanted) {
  auto limits = wanted.data_limits;
  auto bound = raise_descriptor_bound();
  limits.connections_max =
      connections_within(bound, limits.connections_max, wanted.admin_limits.connections_max);
  if (limits.connections_max < wanted.data_limits.connections_max)
    base::log::warn("aspen::http", "fewer connections than configured: too few descriptors",
                    {{"connections_max", limits.connections_max},
                     {"configured", wanted.data_limits.connections_max},
                     {"descriptors_max", bound}});
  return limits;
}

} // namespace

struct server::implementation {
  implementation(const http::settings& settings, actors::gateway& gateway,
                 actors::node_metrics& instruments)
    : shared(settings, gateway, instruments) {}

  http::site shared;
  std::mutex mutex;
  std::unique_ptr<listener> data;
  std::unique_ptr<listener> admin;
};

server::server(const http::settings& settings, actors::gateway& gateway,
               actors::node_metrics& instruments)
  : self_(std::make_unique<implementation>(settings, gateway, instruments)) {}

server::~server() {
  stop();
}

base::status server::start() {
  std::lock_guard guard(self_->mutex);
  BASE_CHECK(!self_->data, "the HTTP server is started once");
  const auto& wanted = self_->shared.settings;
  auto workers = wanted.workers != 0
                     ? wanted.workers
                     : std::max<std::size_t>(1, std::thread::hardware_concurrency());
  auto data =
      listener::make(self_->shared, false, wanted.http_addr, workers, within_descriptors(wanted));
  if (!data)
    return base::fail(data.error());
  auto admin = listener::make(self_->shared, true, wanted.admin_addr, 1, wanted.admin_limits);
  if (!admin)
    return base::fail(admin.error());
  self_->data = std::move(*data);
  self_->admin = std::move(*admin);
  self_->data->start();
  self_->admin->start();
  self_->shared.monitor.start([&shared = self_->shared] { return look_around(shared); },
                              wanted.on_worse_health);
  base::log::info("aspen::http", "listening",
                  {{"http_addr", wanted.http_addr},
                   {"http_port", self_->data->port()},
                   {"admin_addr", wanted.admin_addr},
                   {"admin_port", self_->admin->port()},
                   {"workers", workers}});
  return {};
}

std::uint16_t server::http_port() const {
  return self_->data->port();
}

std::uint16_t server::admin_port() const {
  return self_->admin->port();
}

void server::change(const std::vector<std::string>& allowed_hosts,
                    std::chrono::milliseconds slow_request) {
  self_->shared.host_rule.change(allowed_hosts);
  self_->shared.slow_request.store(slow_request.count(), std::memory_order_relaxed);
}

bool server::drain(std::chrono::milliseconds patience) {
  listener* data = nullptr;
  {
    std::lock_guard guard(self_->mutex);
    data = self_->data.get();
  }
  self_->shared.is_draining.store(true);
  if (data == nullptr)
    return true;
  data->begin_drain();
  auto deadline = std::chrono::steady_clock::now() + patience;
  while (data->connection_count() > 0) {
    if (std::chrono::steady_clock::now() >= deadline)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

void server::stop() {
  std::lock_guard guard(self_->mutex);
  self_->shared.monitor.stop();
  if (self_->data)
    self_->data->stop();
  if (self_->admin)
    self_->admin->stop();
}

} // namespace http
