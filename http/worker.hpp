// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "http/connections.hpp"
#include "http/exchange.hpp"
#include "http/worker_tools.hpp"

namespace http {

/// One thread with its own epoll set, connections, fibers and inbox. It never blocks but in
/// `epoll_wait`, and a connection never changes its worker. What the requests of one turn
/// ask for goes to the gateway together, at the turn's end: this is what makes group
/// commits and read batches under load (INV-116).
class worker {
public:
  /// `limits` is this worker's share. Errors: `resource`.
  static base::result<std::unique_ptr<worker>> make(http::site& shared, bool is_admin,
                                                    const listener_limits& limits);
  /// Requires: never started, or stopped.
  ~worker();
  worker(const worker&) = delete;
  worker& operator=(const worker&) = delete;

  // -- before `start` ------------------------------------------------------------

  /// Calls `accept` on this thread whenever `descriptor` is readable.
  void watch(int descriptor, std::function<void()> accept);

  // -- any thread ----------------------------------------------------------------

  void start();
  /// Serves an accepted socket from now on; it may be handed over before `start`.
  void adopt(int socket) {
    connections_.announce();
    inbox_->adopt(socket);
  }
  std::size_t connection_count() const { return connections_.count(); }
  /// `site.is_draining` was set: ends idle connections now, every other with its answer.
  void notice_drain() { inbox_->wake(); }
  /// Ends every connection and joins the thread. Waiting requests get their failure.
  void stop();

  // -- its own thread ------------------------------------------------------------

  void forget(int descriptor);
  void turn_away(int socket) { connections_.turn_away(socket); }

private:
  worker(http::site& shared, bool is_admin, const listener_limits& limits,
         std::shared_ptr<http::inbox> box, int epoll);

  void run();
  void take_inbox();
  void expire_deadlines();
  void begin(connection& which, std::size_t head_bytes, std::optional<head_fault> fault);
  void look_at(exchange& what);
  void after(exchange& what);
  exchange* take_exchange();
  void abort_all();

  const std::shared_ptr<http::inbox> inbox_;
  const int epoll_;
  const std::size_t exchanges_max_;
  worker_tools tools_;
  http::connections connections_;
  std::vector<std::unique_ptr<exchange>> busy_;
  std::vector<std::unique_ptr<exchange>> idle_;
  std::function<void()> accept_;
  http::inbox::contents taken_;
  std::atomic<bool> is_stopping_{false};
  std::thread thread_;
};

} // namespace http
