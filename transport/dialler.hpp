// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "transport/greeter.hpp"
#include "transport/peer.hpp"
#include "transport/resolver.hpp"

namespace transport {

/// One try to reach a peer: its name is looked up, its addresses are tried in turn, each
/// within `timing::connect_timeout`, then the handshake. Every wait is bounded. I/O thread.
class dialler : public std::enable_shared_from_this<dialler> {
public:
  /// `outbound_bytes_max` is the new connection's.
  dialler(std::shared_ptr<node_context> node, peer target, purpose why,
          std::size_t outbound_bytes_max);

  /// `done` is called once, unless `abandon` comes first; never from within this call.
  void dial(greeter::handler done);
  /// Ends it; the handler is not called. A look-up under way ends by itself, later.
  void abandon();

private:
  void on_addresses(base::result<endpoints> found);
  void try_next();
  void on_connect(const std::error_code& error);
  void connected();
  void fail(base::error why);

  std::shared_ptr<node_context> node_;
  peer target_;
  purpose purpose_;
  std::size_t outbound_bytes_max_;
  greeter::handler done_;
  endpoints addresses_;
  std::size_t next_ = 0;
  base::error last_error_{base::errc::not_found, "the name has no address"};
  asio::ip::tcp::socket socket_;
  asio::steady_timer deadline_;
  bool timed_out_ = false;
  std::shared_ptr<greeter> greeter_;
};

} // namespace transport
