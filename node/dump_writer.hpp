// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "trace/dump_store.hpp"
#include "trace/recorder.hpp"

namespace node {

/// Keeps what the flight recorder holds when something happened, as a dump. On a thread of
/// its own: whoever asks for one never waits for a disk.
class dump_writer {
public:
  /// The same reason again within that time is the same event.
  static constexpr std::chrono::seconds pause_default{60};

  dump_writer(std::shared_ptr<const trace::recorder> recorder, trace::dump_store store,
              std::chrono::milliseconds pause = pause_default);
  /// What was asked for is written first.
  ~dump_writer();
  dump_writer(const dump_writer&) = delete;
  dump_writer& operator=(const dump_writer&) = delete;

  /// Any thread; returns at once. Ignored within the pause after one of the same `reason`,
  /// and while others wait beyond a bound.
  void ask_for(std::string_view reason);

private:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::size_t waiting_max = 8;
  static constexpr std::size_t reasons_max = 64;

  void run();
  void write(const std::string& reason);

  const std::shared_ptr<const trace::recorder> recorder_;
  trace::dump_store store_;
  const std::chrono::milliseconds pause_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::string> waiting_;
  std::map<std::string, time_point, std::less<>> last_; ///< when a reason was taken up
  bool is_ending_ = false;
  std::thread thread_;
};

} // namespace node
