// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/deadline_queue.hpp"
#include "http/inbox.hpp"
#include "http/protocol.hpp"
#include "http/request_trace.hpp"
#include "http/site.hpp"
#include "http/trace_context.hpp"

namespace http {

/// The timers of one worker, one queue for each span, and what its clock showed when the
/// turn began.
struct timers {
  explicit timers(const listener_times& times)
    : request(times.request), long_request(times.long_request), backup(times.backup),
      send(times.send), idle(times.idle), linger(times.linger) {}

  steady_time now = std::chrono::steady_clock::now();
  deadline_queue request;
  deadline_queue long_request;
  deadline_queue backup;
  deadline_queue send;
  deadline_queue idle;
  deadline_queue linger;

  /// Until the earliest deadline, rounded up; -1 when there is none.
  int milliseconds_to_wait() const;
  /// The next one that is due, taken out; null for none.
  deadline* take_due();
};

/// What the requests of one turn ask for, handed over together at its end.
class outbox {
public:
  void add(actors::client_write what);
  void add(actors::client_read what);
  void submit(actors::gateway& to);

private:
  actors::client_batch gathered_;
};

/// How many bytes the requests of one worker may hold at a time.
class memory_budget {
public:
  explicit memory_budget(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  bool reserve(std::size_t bytes) {
    if (bytes > bytes_max_ - reserved_)
      return false;
    reserved_ += bytes;
    return true;
  }
  void release(std::size_t bytes) { reserved_ -= bytes; }
  std::size_t bytes_max() const { return bytes_max_; }

private:
  const std::size_t bytes_max_;
  std::size_t reserved_ = 0;
};

/// What the requests of one worker share. Its thread only.
struct worker_tools {
  worker_tools(http::site& shared, bool is_for_admin, std::size_t memory_bytes_max,
               std::shared_ptr<http::inbox> box);

  http::site& site;
  const bool is_admin;
  const std::shared_ptr<http::inbox> inbox;
  http::timers timers;
  http::outbox outbox;
  memory_budget memory;
  trace_numbers traces;
  http::request_trace request_trace;
  /// Where an answer is put together. Never held across a wait.
  std::string output;
  /// Whose fiber runs; null off the fibers.
  exchange* running = nullptr;
  http::protocol protocol;

  /// The `Date` of an answer, made once a second (RFC 9110, 6.6.1).
  const std::string& date();
  /// Whether every connection ends with its answer. Operators' connections do not.
  bool is_draining() const { return !is_admin && site.is_draining.load(std::memory_order_relaxed); }
  bool logs_requests() const { return logs_requests_; }

private:
  std::int64_t date_second_ = 0;
  std::string date_;
  bool logs_requests_ = false;
};

} // namespace http
