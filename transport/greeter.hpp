// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "transport/connection.hpp"
#include "transport/greeting.hpp"
#include "transport/node_context.hpp"

/// The handshake on a fresh connection, within `timing::handshake_timeout`: TLS, the name
/// in the certificate, hello, welcome. Whoever refuses tells the other side why, and both
/// can log it. I/O thread only.
namespace transport {

/// A connection whose other end is known. It reads; frames wait for `connection::handle`,
/// which is to be called from within the handler that gets this.
struct greeted {
  std::shared_ptr<connection> link;
  identity other;
  std::uint8_t version = 0;
  transport::purpose purpose = transport::purpose::messages;
  raft::log_index membership_index; ///< the other side's
  std::string program_version;
  std::string http_addr;
  bool is_dialled_by_us = false;
};

/// Why there is no link. `reason` is set when one side refused the other in words.
struct greeting_failure {
  base::error why;
  std::optional<refusal_reason> reason;
  raft::server_id other;  ///< zero when it did not get so far
  bool is_theirs = false; ///< the other side refused this one
};

using greeting_outcome = tl::expected<greeted, greeting_failure>;

class greeter : public std::enable_shared_from_this<greeter> {
public:
  using handler = std::function<void(greeting_outcome)>;
  /// Asked before the welcome is sent, when all else is fine: may still refuse.
  using last_question = std::function<std::optional<refusal>(const identity&, const hello&)>;

  greeter(std::shared_ptr<node_context> node, std::shared_ptr<connection> link);

  /// As the side that dialled. `done` is called once, unless `abandon` comes first.
  void greet(hello first, handler done);
  /// As the side that was dialled.
  void answer(last_question ask, handler done);

  /// Closes the connection; the handler is not called.
  void abandon();

private:
  void begin(bool is_dialler);
  void on_handshake(bool is_dialler, const base::status& outcome);
  void on_hello(const frame_view& frame);
  void on_welcome(const frame_view& frame);
  std::optional<refusal> judge(const identity& other, const hello& body);
  void refuse(const refusal& why, raft::server_id other);
  void fail(greeting_failure why);
  void succeed(greeted outcome);

  std::shared_ptr<node_context> node_;
  std::shared_ptr<connection> link_;
  asio::steady_timer deadline_;
  hello hello_; // of the dialler
  last_question ask_;
  handler done_; // empty once it was called
};

} // namespace transport
