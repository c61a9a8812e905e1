// SPDX-License-Identifier: Apache-2.0
#include "http/worker.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>

#include <pthread.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/check.hpp"

namespace http {

namespace {

constexpr std::size_t events_a_turn = 512;
/// Exchanges kept for the next burst: each holds the touched pages of its stack.
constexpr std::size_t idle_exchanges_max = 256;

base::error last_error(const char* doing) {
  return {base::errc::resource, std::string(doing) + ": " + std::strerror(errno)};
}

} // namespace

base::result<std::unique_ptr<worker>> worker::make(http::site& shared, bool is_admin,
                                                   const listener_limits& limits) {
  auto box = inbox::make();
  if (!box)
    return base::fail(box.error());
  int epoll = epoll_create1(EPOLL_CLOEXEC);
  if (epoll < 0)
    return base::fail(last_error("epoll_create1"));
  std::unique_ptr<worker> made(new worker(shared, is_admin, limits, *box, epoll));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = made->inbox_.get();
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, made->inbox_->descriptor(), &event) != 0)
    return base::fail(last_error("epoll_ctl"));
  return made;
}

worker::worker(http::site& shared, bool is_admin, const listener_limits& limits,
               std::shared_ptr<http::inbox> box, int epoll)
  : inbox_(box), epoll_(epoll), exchanges_max_(limits.requests_in_flight_max),
    tools_(shared, is_admin, limits.memory_bytes_max, std::move(box)),
    connections_(
        tools_, epoll,
        [this](connection& which, std::size_t head_bytes, std::optional<head_fault> fault) {
          begin(which, head_bytes, std::move(fault));
        }) {}

worker::~worker() {
  BASE_CHECK(!thread_.joinable(), "a worker is stopped before it goes");
  connections_.close_all();
  inbox_->close();
  ::close(epoll_);
}

void worker::watch(int descriptor, std::function<void()> accept) {
  accept_ = std::move(accept);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = this; // no connection has this address
  epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event);
}

void worker::forget(int descriptor) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, nullptr);
}

void worker::start() {
  thread_ = std::thread([this] { run(); });
  pthread_setname_np(thread_.native_handle(), tools_.is_admin ? "http-admin" : "http-data");
}

void worker::stop() {
  is_stopping_.store(true);
  inbox_->wake();
  if (thread_.joinable())
    thread_.join();
}

void worker::run() {
  std::array<epoll_event, events_a_turn> events;
  while (!is_stopping_.load(std::memory_order_relaxed)) {
    auto wait = connections_.has_queued() ? 0 : tools_.timers.milliseconds_to_wait();
    int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), wait);
    tools_.timers.now = std::chrono::steady_clock::now();
    bool has_mail = false;
    connections_.run_queued();
    for (int i = 0; i < count; ++i) {
      auto& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == inbox_.get()) {
        has_mail = true;
      } else if (event.data.ptr == this) {
        accept_();
      } else {
        auto& which = *static_cast<connection*>(event.data.ptr);
        if (connections_.on_event(which, event.events))
          look_at(*which.running);
      }
    }
    if (has_mail)
      take_inbox();
    expire_deadlines();
    if (tools_.is_draining())
      connections_.close_idle();
    tools_.outbox.submit(tools_.site.gateway);
    connections_.bury();
  }
  abort_all();
}

void worker::take_inbox() {
  taken_.answers.clear();
  taken_.sockets.clear();
  inbox_->take(taken_);
  for (const auto& slot : taken_.answers) {
    auto* asker = static_cast<exchange*>(slot->asker);
    if (asker == nullptr || !asker->waits_on(*slot)) // gave up in the meantime (INV-115)
      continue;
    asker->resume(false);
    after(*asker);
  }
  taken_.answers.clear();
  for (int socket : taken_.sockets)
    connections_.add(socket);
  taken_.sockets.clear();
}

void worker::expire_deadlines() {
  while (auto* due = tools_.timers.take_due()) {
    auto& which = *static_cast<connection*>(due->owner);
    if (connections_.on_deadline(which)) {
      auto& what = *which.running;
      what.resume(true);
      after(what);
    }
  }
}

exchange* worker::take_exchange() {
  if (busy_.size() >= exchanges_max_)
    return nullptr;
  if (idle_.empty()) {
    try {
      idle_.push_back(std::make_unique<exchange>(tools_));
    } catch (const std::bad_alloc&) {
      return nullptr; // no memory for a stack: refused like any other bound
    }
  }
  busy_.push_back(std::move(idle_.back()));
  idle_.pop_back();
  busy_.back()->place = busy_.size() - 1;
  tools_.site.metrics.requests_in_flight.Increment();
  return busy_.back().get();
}

void worker::begin(connection& which, std::size_t head_bytes, std::optional<head_fault> fault) {
  auto* what = take_exchange();
  if (what == nullptr) {
    connections_.refuse_in_haste(which, rejection::requests_in_flight);
    return;
  }
  if (which.state == connection_state::idle || !which.deadline.is_set())
    tools_.timers.request.set(which.deadline, tools_.timers.now);
  which.state = connection_state::busy;
  which.running = what;
  what->begin(which, head_bytes, std::move(fault));
  after(*what);
}

/// Something happened on the socket of a busy connection.
void worker::look_at(exchange& what) {
  auto& which = what.from();
  bool may_go_on = (what.waits_for() == wait_kind::readable && which.is_readable)
                   || (what.waits_for() == wait_kind::writable && which.is_writable);
  if (!may_go_on)
    return;
  what.resume(false);
  after(what);
}

/// The fiber came back: it waits, or is done.
void worker::after(exchange& what) {
  if (!what.is_idle())
    return;
  auto at = what.place;
  auto done = std::move(busy_[at]);
  if (at + 1 != busy_.size()) {
    busy_[at] = std::move(busy_.back());
    busy_[at]->place = at;
  }
  busy_.pop_back();
  tools_.site.metrics.requests_in_flight.Decrement();
  connections_.finish(done->from(), done->outcome());
  if (idle_.size() < idle_exchanges_max)
    idle_.push_back(std::move(done));
}

void worker::abort_all() {
  while (!busy_.empty()) {
    for (auto at = busy_.size(); at-- > 0;) {
      auto& what = *busy_[at];
      what.abort();
      after(what);
    }
    take_inbox(); // an answer that is on its way at this moment must arrive
    connections_.bury();
  }
  connections_.close_all();
  inbox_->close();
}

} // namespace http
