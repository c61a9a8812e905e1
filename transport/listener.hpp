// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include "transport/greeter.hpp"
#include "transport/node_context.hpp"

namespace transport {

/// Binds a socket of its own and closes it again. Errors: as `links::try_address`.
base::status try_to_bind(const std::string& address);

/// The door: takes connections and sees them through the handshake. Few may wait there at
/// a time, the oldest goes when another comes; when descriptors run out it pauses and does
/// not spin (INV-139). I/O thread, but for `open` and `local_address` before it runs.
class listener {
public:
  using taker = std::function<void(greeted)>;

  listener(std::shared_ptr<node_context> node, greeter::last_question ask, taker take);

  /// Binds and listens. Errors: as `links::start`.
  base::status open(const std::string& address);
  std::string local_address() const;

  void start();
  void stop();

private:
  using strangers = std::list<std::shared_ptr<greeter>>;

  void accept();
  void on_accept(const std::error_code& error, asio::ip::tcp::socket socket);
  void pause(const std::error_code& why);
  void greet(asio::ip::tcp::socket socket);
  void on_greeted(strangers::iterator stranger, const std::string& remote,
                  greeting_outcome outcome);
  void report(const std::string& remote, const greeting_failure& failure);

  const std::shared_ptr<node_context> node_;
  const greeter::last_question ask_;
  const taker take_;
  asio::ip::tcp::acceptor acceptor_;
  asio::steady_timer pause_timer_;
  bool is_pausing_ = false; // the last accept failed, and it was said
  strangers strangers_;     // the oldest first
  /// What was logged lately, so that one stranger does not fill the log.
  std::map<std::string, std::chrono::steady_clock::time_point> reported_;
};

} // namespace transport
