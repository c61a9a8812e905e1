// SPDX-License-Identifier: Apache-2.0
#include "http/listening_socket.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace http {

namespace {

// The kernel cuts it to net.core.somaxconn. A burst of clients that finds it full waits
// a second for its SYN to be sent again.
constexpr int backlog = 4096;

struct host_and_port {
  std::string host;
  std::string port;
};

base::result<host_and_port> split(const std::string& address) {
  auto colon = address.rfind(':');
  if (colon == std::string::npos || colon + 1 == address.size())
    return base::fail(base::errc::invalid, "address '" + address + "' is not host:port");
  auto host = address.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0; // getaddrinfo would cut a larger number to 16 bits
  auto* end = address.data() + address.size();
  auto [stop, fault] = std::from_chars(address.data() + colon + 1, end, port);
  if (fault != std::errc{} || stop != end)
    return base::fail(base::errc::invalid, "the port of '" + address + "' is not 0 to 65535");
  return host_and_port{host, address.substr(colon + 1)};
}

base::errc code_of(int number) {
  switch (number) {
  case EADDRINUSE: return base::errc::busy;
  case EACCES:
  case EPERM: return base::errc::locked;
  case EADDRNOTAVAIL:
  case EAFNOSUPPORT: return base::errc::invalid;
  case EMFILE:
  case ENFILE:
  case ENOBUFS:
  case ENOMEM: return base::errc::resource;
  default: return base::errc::io;
  }
}

base::result<int> open_one(const addrinfo& where) {
  int socket = ::socket(where.ai_family, where.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC,
                        where.ai_protocol);
  if (socket < 0)
    return base::fail(code_of(errno), std::strerror(errno));
  int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (where.ai_family == AF_INET6)
    setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
  if (::bind(socket, where.ai_addr, where.ai_addrlen) == 0 && ::listen(socket, backlog) == 0)
    return socket;
  auto failure = base::fail(code_of(errno), std::strerror(errno));
  ::close(socket);
  return failure;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&bound), &length) != 0)
    return 0;
  return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                           : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
}

int open_reserve() {
  return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}

} // namespace

listening_socket::listening_socket(listening_socket&& other) noexcept
  : socket_(std::exchange(other.socket_, -1)), reserve_(std::exchange(other.reserve_, -1)),
    port_(other.port_) {}

listening_socket& listening_socket::operator=(listening_socket&& other) noexcept {
  std::swap(socket_, other.socket_);
  std::swap(reserve_, other.reserve_);
  std::swap(port_, other.port_);
  return *this;
}

base::result<listening_socket> listening_socket::bind(const std::string& address) {
  auto doing = "listen on " + address;
  auto parts = split(address);
  if (!parts)
    return base::fail(parts.error().within(doing));
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  auto* host = parts->host.empty() ? nullptr : parts->host.c_str();
  if (int fault = getaddrinfo(host, parts->port.c_str(), &wanted, &found); fault != 0)
    return base::fail(base::errc::invalid, doing + ": " + gai_strerror(fault));
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);

  auto opened = open_one(*found);
  for (auto* next = found->ai_next; !opened && next != nullptr; next = next->ai_next)
    // "In use" says more than what another family of the same name has to tell.
    if (auto again = open_one(*next); again || opened.error().code != base::errc::busy)
      opened = std::move(again);
  if (!opened)
    return base::fail(opened.error().within(doing));
  listening_socket made;
  made.socket_ = *opened;
  made.reserve_ = open_reserve();
  made.port_ = port_of(*opened);
  return made;
}

listening_socket::accepted listening_socket::accept() {
  int socket = ::accept4(socket_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket >= 0) {
    int yes = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    return {socket, false};
  }
  if (errno != EMFILE && errno != ENFILE)
    return {};
  // Without a free descriptor the client would stay in the backlog and epoll would
  // report it again and again.
  ::close(reserve_);
  int refused = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
  if (refused >= 0)
    ::close(refused);
  reserve_ = open_reserve();
  return {-1, refused >= 0};
}

void listening_socket::close() {
  if (socket_ >= 0)
    ::close(socket_);
  if (reserve_ >= 0)
    ::close(reserve_);
  socket_ = reserve_ = -1;
}

} // namespace http
