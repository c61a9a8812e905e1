// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "http/listening_socket.hpp"
#include "http/worker.hpp"

namespace http {

/// One address with the workers that serve it. The first worker accepts, and gives each
/// connection to the worker that has fewest.
class listener {
public:
  /// Binds `address`; nothing is served before `start`. Errors: those of
  /// `listening_socket::bind`, and `resource`.
  static base::result<std::unique_ptr<listener>> make(http::site& shared, bool is_admin,
                                                      const std::string& address,
                                                      std::size_t worker_count,
                                                      const listener_limits& limits);
  ~listener();

  void start();
  std::uint16_t port() const { return socket_.port(); }
  std::size_t connection_count() const;
  /// Accepts nobody from now on and lets connections end with their answers. Needs
  /// `site.is_draining`. Any thread.
  void begin_drain();
  /// Ends everything and joins the workers. Once.
  void stop();

private:
  listener(http::site& shared, bool is_admin, const listener_limits& limits,
           listening_socket socket);
  void accept_some();

  http::site& site_;
  const bool is_admin_;
  const std::size_t connections_max_;
  listening_socket socket_;
  std::vector<std::unique_ptr<worker>> workers_;
  std::atomic<bool> accepts_{true};
  bool is_stopped_ = false;
};

} // namespace http
