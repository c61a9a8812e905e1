// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <system_error>

#include <asio/ip/tcp.hpp>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "raft/types.hpp"
#include "transport/tls.hpp"

namespace transport {

/// A connected socket, with or without TLS: one face for both. I/O thread only. One read
/// and one write may be under way at a time; handlers are never called from within the
/// call that takes them, and hold what they need alive.
class byte_stream {
public:
  using done = std::function<void(const std::error_code&)>;
  using transferred = std::function<void(const std::error_code&, std::size_t)>;

  virtual ~byte_stream() = default;

  /// TLS's own handshake, both certificates verified; nothing to do without TLS.
  virtual void handshake(bool is_dialler, done handler) = 0;
  virtual void read_some(std::span<char> into, transferred handler) = 0;
  /// All of `bytes`, which stay until the handler is called.
  virtual void write(base::byte_view bytes, transferred handler) = 0;
  /// Says that no more is written. Whoever still reads gets what was written before.
  virtual void shut_down_sending() = 0;
  /// Everything under way ends with an error.
  virtual void close() = 0;

  /// After the handshake: whether the other side's certificate names `id`. Without TLS
  /// there is none, and any name will do.
  virtual base::status check_name(raft::server_id id) = 0;
  /// A failure as a sentence.
  virtual std::string explain(const std::error_code& error) = 0;
};

std::unique_ptr<byte_stream> make_plain_stream(asio::ip::tcp::socket socket);
std::unique_ptr<byte_stream> make_tls_stream(asio::ip::tcp::socket socket,
                                             std::shared_ptr<tls_context> context);

/// No delay for small frames; not inherited by child processes.
void set_options(asio::ip::tcp::socket& socket);

} // namespace transport
