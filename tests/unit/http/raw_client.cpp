// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/http/raw_client.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

std::string raw_answer::field(const std::string& name) const {
  auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

raw_client::raw_client(std::uint16_t port)
  : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  timeval patience{30, 0};
  setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
}

raw_client::raw_client(raw_client&& other) noexcept
  : socket_(std::exchange(other.socket_, -1)), buffered_(std::move(other.buffered_)) {}

raw_client::~raw_client() {
  if (socket_ >= 0)
    ::close(socket_);
}

void raw_client::send(std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool raw_client::fill() {
  std::array<char, 65536> piece;
  auto got = ::recv(socket_, piece.data(), piece.size(), 0);
  if (got < 0 && errno == EAGAIN)
    throw std::runtime_error("the server neither answered nor closed");
  if (got <= 0)
    return false;
  buffered_.append(piece.data(), static_cast<std::size_t>(got));
  return true;
}

raw_answer raw_client::receive(bool is_head) {
  std::size_t end = 0;
  while ((end = buffered_.find("\r\n\r\n")) == std::string::npos)
    if (!fill())
      throw std::runtime_error("closed without an answer: '" + buffered_ + "'");
  raw_answer got;
  std::string_view head(buffered_.data(), end);
  got.status = std::stoi(std::string(head.substr(9, 3)));
  for (auto line = head.find("\r\n"); line < head.size();) {
    auto next = std::min(head.find("\r\n", line + 2), head.size());
    auto text = head.substr(line + 2, next - line - 2);
    auto colon = text.find(": ");
    std::string name(text.substr(0, colon));
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
    got.fields.emplace(std::move(name), text.substr(colon + 2));
    line = next;
  }
  buffered_.erase(0, end + 4);
  auto length = got.field("content-length");
  auto size = length.empty() || is_head || got.status == 304 || got.status == 100
                  ? 0
                  : static_cast<std::size_t>(std::stoull(length));
  while (buffered_.size() < size)
    if (!fill())
      throw std::runtime_error("closed in the middle of a body");
  got.body = buffered_.substr(0, size);
  buffered_.erase(0, size);
  return got;
}

raw_answer raw_client::ask(std::string_view bytes, bool is_head) {
  send(bytes);
  return receive(is_head);
}

bool raw_client::is_closed() {
  return buffered_.empty() && !fill();
}

void raw_client::close_sending() {
  ::shutdown(socket_, SHUT_WR);
}

std::string make_request(std::string_view method, std::string_view target, std::string_view body,
                         std::string_view fields) {
  std::string made;
  made.append(method)
      .append(" ")
      .append(target)
      .append(" HTTP/1.1\r\nHost: localhost\r\n")
      .append(fields);
  if (!body.empty() || method == "PUT")
    made.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  return made.append("\r\n").append(body);
}
