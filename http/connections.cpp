// SPDX-License-Identifier: Apache-2.0
#include "http/connections.hpp"

#include <algorithm>
#include <cerrno>
#include <string_view>

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.hpp"
#include "base/limits.hpp"

namespace http {

namespace {

constexpr std::size_t scratch_bytes = 64 * base::limits::kibibyte;
/// How much of a refused body is taken in before the connection is cut. A client that
/// sends on without reading would else be reset before it sees why.
constexpr std::size_t linger_bytes_max = 4 * base::limits::mebibyte;

constexpr std::string_view busy_answer =
    "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    "Cache-Control: no-store\r\nConnection: close\r\nContent-Length: 89\r\n\r\n"
    R"({"error":"too many requests are under way here","code":"overloaded","committed":"no"})"
    "    ";
constexpr std::string_view full_answer =
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
    "Cache-Control: no-store\r\nConnection: close\r\nContent-Length: 84\r\n\r\n"
    R"({"error":"too many connections are open","code":"overloaded","committed":"no"})"
    "      ";

constexpr std::size_t body_bytes(std::string_view answer) {
  return answer.size() - answer.find("\r\n\r\n") - 4;
}
static_assert(body_bytes(busy_answer) == 89 && body_bytes(full_answer) == 84);

} // namespace

connection::~connection() {
  if (socket >= 0)
    ::close(socket);
}

connections::connections(worker_tools& tools, int epoll, head_function on_head)
  : tools_(tools), epoll_(epoll), on_head_(std::move(on_head)), scratch_(scratch_bytes) {}

connections::~connections() {
  close_all();
}

void connections::add(int socket) {
  auto made = std::make_unique<connection>();
  made->socket = socket;
  made->index = open_.size();
  made->deadline.owner = made.get();
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = made.get();
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, socket, &event) != 0) {
    count_.fetch_sub(1, std::memory_order_relaxed);
    return; // no memory for it: the connection is closed
  }
  open_.push_back(std::move(made));
  tools_.site.metrics.connections.Increment();
  go_on(*open_.back());
}

bool connections::on_event(connection& which, std::uint32_t events) {
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0)
    which.is_readable = true;
  if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0)
    which.is_writable = true;
  if ((events & (EPOLLRDHUP | EPOLLERR | EPOLLHUP)) != 0)
    which.saw_end = true;
  if (which.state == connection_state::busy)
    return true;
  go_on(which);
  return false;
}

bool connections::on_deadline(connection& which) {
  switch (which.state) {
  case connection_state::busy: return true;
  case connection_state::head:
    on_head_(
        which, 0,
        head_fault{408, "request_timeout", "the head did not arrive within the deadline", 0, 0});
    return false;
  case connection_state::idle:
  case connection_state::lingering: close(which); return false;
  case connection_state::closed: break;
  }
  return false;
}

void connections::go_on(connection& which) {
  switch (which.state) {
  case connection_state::idle:
  case connection_state::head:
    while (!take_head(which) && which.is_readable && fill(which)) {
    }
    if (which.state == connection_state::idle || which.state == connection_state::head)
      wait_for_request(which);
    break;
  case connection_state::lingering: throw_away(which); break;
  case connection_state::busy:
  case connection_state::closed: break;
  }
}

/// Reads once. False when nothing came, or the connection was closed over it.
bool connections::fill(connection& which) {
  auto got = ::recv(which.socket, scratch_.data(), scratch_.size(), 0);
  if (got > 0) {
    auto size = static_cast<std::size_t>(got);
    which.input.append(scratch_.data(), size);
    // A short read has emptied the socket; an end is announced by an event of its own.
    which.is_readable = size == scratch_.size() || which.saw_end;
    return true;
  }
  if (got < 0 && errno == EINTR)
    return true;
  which.is_readable = false;
  if (got == 0 || errno != EAGAIN)
    close(which);
  return false;
}

bool connections::drop_empty_lines(connection& which) {
  // RFC 9112, 2.2: some clients send an empty line after a body.
  std::size_t empty = 0;
  while (which.input.compare(empty, 2, "\r\n") == 0)
    empty += 2;
  if (empty > 0)
    which.input.erase(0, empty);
  return !which.input.empty();
}

/// True when an exchange was begun.
bool connections::take_head(connection& which) {
  if (which.scanned == 0 && !drop_empty_lines(which))
    return false;
  std::optional<head_fault> fault;
  auto bytes = find_head_end(which.input, which.scanned);
  if (bytes == 0) {
    fault = check_head_size(which.input);
    if (!fault)
      return false;
  }
  on_head_(which, bytes, std::move(fault));
  return true;
}

void connections::wait_for_request(connection& which) {
  bool has_begun = !which.input.empty();
  auto next = has_begun ? connection_state::head : connection_state::idle;
  if (next == which.state && which.deadline.is_set())
    return;
  which.state = next;
  (has_begun ? tools_.timers.request : tools_.timers.idle).set(which.deadline, tools_.timers.now);
}

void connections::finish(connection& which, outcome how) {
  BASE_CHECK(which.state == connection_state::busy, "only a busy connection is finished");
  which.running = nullptr;
  if (how == outcome::broken) {
    close(which);
  } else if (how != outcome::kept) {
    linger(which, how == outcome::cut_short);
  } else {
    which.input.erase(0, which.consumed);
    which.consumed = which.scanned = 0;
    if (which.input.empty())
      std::string().swap(which.input); // an idle connection holds no memory
    which.state = connection_state::idle;
    which.deadline.cancel();
    wait_for_request(which);
    if ((which.is_readable || !which.input.empty()) && !which.is_queued) {
      which.is_queued = true;
      again_.push_back(&which);
    }
  }
}

void connections::run_queued() {
  auto now = std::exchange(again_, {});
  for (auto* each : now)
    if (each != nullptr) {
      each->is_queued = false;
      go_on(*each);
    }
}

void connections::refuse_in_haste(connection& which, rejection reason) {
  tools_.site.metrics.count_rejected(reason);
  ::send(which.socket, busy_answer.data(), busy_answer.size(), MSG_NOSIGNAL);
  linger(which, true);
}

void connections::turn_away(int socket) {
  tools_.site.metrics.count_rejected(rejection::connections);
  ::send(socket, full_answer.data(), full_answer.size(), MSG_NOSIGNAL);
  ::shutdown(socket, SHUT_WR);
  // What the client has sent by now is taken, or the close would take the answer from it.
  [[maybe_unused]] auto taken = ::recv(socket, scratch_.data(), scratch_.size(), 0);
  ::close(socket);
}

/// Closing with bytes unread, or still coming, would make the kernel reset the connection and
/// the client lose the answer.
void connections::linger(connection& which, bool is_sending) {
  ::shutdown(which.socket, SHUT_WR);
  which.state = connection_state::lingering;
  which.linger_left = linger_bytes_max;
  std::string().swap(which.input);
  tools_.timers.linger.set(which.deadline, tools_.timers.now);
  which.is_readable = true;
  throw_away(which);
  if (!is_sending && which.state == connection_state::lingering)
    close(which);
}

void connections::throw_away(connection& which) {
  while (which.is_readable) {
    auto got = ::recv(which.socket, scratch_.data(), scratch_.size(), 0);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0 && errno == EAGAIN) {
      which.is_readable = false;
      return;
    }
    auto size = got > 0 ? static_cast<std::size_t>(got) : which.linger_left;
    which.linger_left -= std::min(size, which.linger_left);
    if (which.linger_left == 0) {
      close(which);
      return;
    }
  }
}

void connections::close(connection& which) {
  if (which.state == connection_state::closed)
    return;
  which.state = connection_state::closed;
  which.deadline.cancel();
  // epoll forgets a socket by itself only when nobody holds it any more: a process that is just
  // being spawned does (epoll(7), Questions and answers).
  epoll_ctl(epoll_, EPOLL_CTL_DEL, which.socket, nullptr);
  ::close(which.socket);
  which.socket = -1;
  if (which.is_queued)
    std::replace(again_.begin(), again_.end(), &which, static_cast<connection*>(nullptr));
  auto at = which.index;
  closed_.push_back(std::move(open_[at]));
  if (at + 1 != open_.size()) {
    open_[at] = std::move(open_.back());
    open_[at]->index = at;
  }
  open_.pop_back();
  count_.fetch_sub(1, std::memory_order_relaxed);
  tools_.site.metrics.connections.Decrement();
}

void connections::close_idle() {
  for (auto at = open_.size(); at-- > 0;)
    if (open_[at]->state == connection_state::idle)
      close(*open_[at]);
}

void connections::close_all() {
  while (!open_.empty())
    close(*open_.back());
  bury();
}

} // namespace http
