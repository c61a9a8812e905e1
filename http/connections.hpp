// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "http/connection.hpp"
#include "http/metrics.hpp"
#include "http/request_head.hpp"
#include "http/worker_tools.hpp"

namespace http {

/// The sockets of one worker outside their requests: waiting for a head, between two
/// requests, and on their way out. Its thread only, but for `count`.
class connections {
public:
  /// Called when a head is complete, or cannot become one. Answers it, now or later, and
  /// then calls `finish`.
  using head_function =
      std::function<void(connection&, std::size_t head_bytes, std::optional<head_fault>)>;

  connections(worker_tools& tools, int epoll, head_function on_head);
  ~connections();

  /// Open ones, and those announced. Any thread.
  std::size_t count() const { return count_.load(std::memory_order_relaxed); }
  /// One that will be added is counted from now on, so that a burst is spread evenly. Any
  /// thread.
  void announce() { count_.fetch_add(1, std::memory_order_relaxed); }

  /// Serves an accepted, non-blocking socket from now on. Requires: it was announced.
  void add(int socket);
  /// Notes what epoll said and goes on where the connection stands. True when it is busy:
  /// then its exchange must be looked at.
  bool on_event(connection& which, std::uint32_t events);
  /// Its deadline passed. True when it is busy.
  bool on_deadline(connection& which);
  enum class outcome {
    kept,      ///< the next request may come
    ended,     ///< answered for the last time; all that was sent has been read
    cut_short, ///< answered for the last time, in the middle of what the client sends
    broken,    ///< there is nobody to answer
  };
  /// The exchange is done with it.
  void finish(connection& which, outcome how);
  /// Answers 429 without an exchange, and ends the connection.
  void refuse_in_haste(connection& which, rejection reason);
  /// Answers 503 on a socket that was never served, and closes it.
  void turn_away(int socket);

  bool has_queued() const { return !again_.empty(); }
  /// Looks once at each connection that had more to say when its turn was over.
  void run_queued();
  /// Frees what was closed in this turn. Events of this turn may have pointed there.
  void bury() { closed_.clear(); }
  /// Closes every connection that is between two requests.
  void close_idle();
  void close_all();

private:
  void go_on(connection& which);
  bool fill(connection& which);
  bool drop_empty_lines(connection& which);
  bool take_head(connection& which);
  void wait_for_request(connection& which);
  void linger(connection& which, bool is_sending);
  void throw_away(connection& which);
  void close(connection& which);

  worker_tools& tools_;
  const int epoll_;
  const head_function on_head_;
  std::vector<std::unique_ptr<connection>> open_;
  std::vector<std::unique_ptr<connection>> closed_;
  std::vector<connection*> again_;
  std::vector<char> scratch_;
  std::atomic<std::size_t> count_{0};
};

} // namespace http
