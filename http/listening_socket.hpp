// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace http {

/// A bound, listening TCP socket, and the descriptor it keeps in reserve so that a
/// process without descriptors can still turn clients away instead of spinning.
class listening_socket {
public:
  listening_socket() = default;
  ~listening_socket() { close(); }
  listening_socket(listening_socket&& other) noexcept;
  listening_socket& operator=(listening_socket&& other) noexcept;

  /// Binds "host:port" ("[v6]:port" for IPv6, port 0 for any). `SO_REUSEADDR`, never
  /// `SO_REUSEPORT`: a second node must not share the port in silence (INV-113).
  /// Errors, each naming the address: `busy` when it is in use, `locked` when it may not
  /// be bound, `invalid` when it is no address of this machine, `io`, `resource`.
  static base::result<listening_socket> bind(const std::string& address);

  struct accepted {
    int socket = -1;           ///< -1: nobody waits, or nobody can be let in
    bool is_exhausted = false; ///< somebody was turned away for want of descriptors
  };
  /// Never blocks. The socket is non-blocking, without Nagle's delay.
  accepted accept();

  int descriptor() const { return socket_; }
  std::uint16_t port() const { return port_; }
  void close();

private:
  int socket_ = -1;
  int reserve_ = -1;
  std::uint16_t port_ = 0;
};

} // namespace http
