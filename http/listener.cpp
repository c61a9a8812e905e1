// SPDX-License-Identifier: Apache-2.0
#include "http/listener.hpp"

#include <algorithm>

#include <sys/socket.h>

#include "base/log.hpp"

namespace http {

namespace {

/// Accepted in one go; the rest waits for the next turn, so that answers do not.
constexpr int accepts_a_turn = 64;

listener_limits share_of(const listener_limits& limits, std::size_t worker_count) {
  auto share = limits;
  share.requests_in_flight_max =
      std::max<std::size_t>(1, limits.requests_in_flight_max / worker_count);
  share.memory_bytes_max = limits.memory_bytes_max / worker_count;
  return share;
}

} // namespace

listener::listener(http::site& shared, bool is_admin, const listener_limits& limits,
                   listening_socket socket)
  : site_(shared), is_admin_(is_admin), connections_max_(limits.connections_max),
    socket_(std::move(socket)) {}

base::result<std::unique_ptr<listener>> listener::make(http::site& shared, bool is_admin,
                                                       const std::string& address,
                                                       std::size_t worker_count,
                                                       const listener_limits& limits) {
  auto socket = listening_socket::bind(address);
  if (!socket)
    return base::fail(socket.error());
  std::unique_ptr<listener> made(new listener(shared, is_admin, limits, std::move(*socket)));
  for (std::size_t i = 0; i < worker_count; ++i) {
    auto each = worker::make(shared, is_admin, share_of(limits, worker_count));
    if (!each)
      return base::fail(each.error().within("serve " + address));
    made->workers_.push_back(std::move(*each));
  }
  auto* self = made.get();
  made->workers_.front()->watch(made->socket_.descriptor(), [self] { self->accept_some(); });
  return made;
}

listener::~listener() {
  stop();
}

void listener::start() {
  for (auto& each : workers_)
    each->start();
}

std::size_t listener::connection_count() const {
  std::size_t sum = 0;
  for (const auto& each : workers_)
    sum += each->connection_count();
  return sum;
}

void listener::accept_some() {
  if (!accepts_.load(std::memory_order_relaxed)) {
    workers_.front()->forget(socket_.descriptor());
    return;
  }
  for (int i = 0; i < accepts_a_turn; ++i) {
    auto next = socket_.accept();
    if (next.is_exhausted)
      site_.metrics.count_rejected(rejection::descriptors);
    if (next.socket < 0)
      return;
    if (connection_count() >= connections_max_) {
      workers_.front()->turn_away(next.socket);
      continue;
    }
    auto least =
        std::min_element(workers_.begin(), workers_.end(), [](const auto& a, const auto& b) {
          return a->connection_count() < b->connection_count();
        });
    (*least)->adopt(next.socket);
  }
}

void listener::begin_drain() {
  accepts_.store(false, std::memory_order_relaxed);
  // Wakes the accepting worker even when nobody knocks, and refuses whoever does.
  ::shutdown(socket_.descriptor(), SHUT_RD);
  for (auto& each : workers_)
    each->notice_drain();
}

void listener::stop() {
  if (std::exchange(is_stopped_, true))
    return;
  for (auto& each : workers_)
    each->stop();
  socket_.close();
}

} // namespace http
