// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "actors/gateway.hpp"
#include "actors/metrics.hpp"
#include "base/result.hpp"
#include "http/settings.hpp"

namespace http {

/// The node's HTTP side: the data listener with its workers, and the admin listener with
/// one of its own, so that probes and operators get through whatever the data's load.
/// Starts before the actors do, and reports health while they are stuck or gone.
class server {
public:
  /// Requires: `gateway` and `instruments` outlive it.
  server(const http::settings& settings, actors::gateway& gateway,
         actors::node_metrics& instruments);
  /// Stops.
  ~server();
  server(const server&) = delete;
  server& operator=(const server&) = delete;

  /// Binds both addresses and begins to serve. Errors: `busy` (the port is taken), `locked`
  /// (it may not be bound), `invalid`, `resource`, `io`, each naming the address; then
  /// nothing runs.
  base::status start();

  /// The ports in use; after `start`.
  std::uint16_t http_port() const;
  std::uint16_t admin_port() const;

  /// Takes these two settings over, for requests that begin from here on. Any thread.
  void change(const std::vector<std::string>& allowed_hosts,
              std::chrono::milliseconds slow_request);

  /// Refuses new data requests with 503, lets those under way end, and closes their
  /// connections. The admin listener goes on, and says `draining`. Blocks; true when no
  /// connection was left at the end of `patience`. Any thread.
  bool drain(std::chrono::milliseconds patience);

  /// Ends both listeners. Requests that still wait get their failure. Any thread, once the
  /// gateway's actors may no longer matter to anybody; later calls do nothing.
  void stop();

private:
  struct implementation;
  std::unique_ptr<implementation> self_;
};

} // namespace http
