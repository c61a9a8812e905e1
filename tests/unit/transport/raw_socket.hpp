// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.hpp"
#include "tests/unit/transport/link_fixture.hpp"
#include "transport/greeting.hpp"

namespace tests {

/// A peer that keeps to no rule: plain bytes over TCP on loopback. Blocking, with patience.
class raw_socket {
public:
  /// Connected to the port.
  static raw_socket connected_to(std::uint16_t port, int receive_buffer_bytes = 0) {
    raw_socket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (receive_buffer_bytes > 0)
      ::setsockopt(made.number_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                   sizeof receive_buffer_bytes);
    auto where = loopback(port);
    REQUIRE(::connect(made.number_, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0);
    return made;
  }
  /// Listening on a port of its own.
  static raw_socket listening(int backlog = 16) {
    raw_socket made(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    auto where = loopback(0);
    REQUIRE(::bind(made.number_, reinterpret_cast<sockaddr*>(&where), sizeof where) == 0);
    REQUIRE(::listen(made.number_, backlog) == 0);
    return made;
  }

  explicit raw_socket(int number) : number_(number) { REQUIRE(number >= 0); }
  raw_socket(raw_socket&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  raw_socket& operator=(raw_socket&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~raw_socket() { close(); }
  void close() {
    if (number_ >= 0)
      ::close(std::exchange(number_, -1));
  }

  int number() const { return number_; }
  std::string address() const {
    sockaddr_in where{};
    socklen_t size = sizeof where;
    REQUIRE(::getsockname(number_, reinterpret_cast<sockaddr*>(&where), &size) == 0);
    return "127.0.0.1:" + std::to_string(ntohs(where.sin_port));
  }

  raw_socket accept() {
    REQUIRE(readable());
    return raw_socket(::accept(number_, nullptr, nullptr));
  }

  /// False when the other side does not take it any more.
  bool write(base::byte_view bytes) {
    while (!bytes.empty()) {
      auto count = ::send(number_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0)
        return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  /// What comes next; empty at the end or on a reset.
  base::bytes read_some() {
    char buffer[65536];
    REQUIRE(readable());
    auto count = ::recv(number_, buffer, sizeof buffer, 0);
    return count <= 0 ? base::bytes{} : base::bytes(buffer, static_cast<std::size_t>(count));
  }

  /// The next whole frame; nothing at the end.
  std::optional<std::pair<transport::frame_type, base::bytes>> read_frame() {
    for (;;) {
      if (auto frame = reader_.next(); frame && *frame)
        return std::pair{(*frame)->header.type, base::bytes((*frame)->body)};
      auto bytes = read_some();
      if (bytes.empty())
        return std::nullopt;
      auto room = reader_.prepare();
      REQUIRE(bytes.size() <= room.size());
      std::copy(bytes.begin(), bytes.end(), room.begin());
      reader_.commit(bytes.size());
    }
  }

  /// Reads until the other side closes.
  void read_to_end() {
    while (!read_some().empty()) {
    }
  }

  /// Says hello as `self` and waits for the welcome.
  void greet(const transport::identity& self, std::uint64_t to,
             transport::purpose why = transport::purpose::messages) {
    transport::hello first;
    first.purpose = why;
    first.to = raft::server_id{to};
    first.membership_index = raft::log_index{1};
    REQUIRE(write(transport::encode_hello(first, self)));
    auto answer = read_frame();
    REQUIRE(answer);
    REQUIRE(answer->first == transport::frame_type::welcome);
  }

private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    where.sin_port = htons(port);
    return where;
  }
  bool readable() const {
    pollfd wanted{number_, POLLIN, 0};
    return ::poll(&wanted, 1, static_cast<int>(std::chrono::milliseconds(patience).count())) == 1;
  }

  int number_;
  transport::frame_reader reader_{std::size_t{16} << 20};
};

} // namespace tests
