// SPDX-License-Identifier: Apache-2.0
#include "node/systemd.hpp"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <mutex>
#include <thread>
#include <utility>

namespace node {

namespace {

using std::chrono::microseconds;

/// How long the manager waits for the watchdog's sign, half of which is our beat
/// (sd_watchdog_enabled(3)); zero when it does not watch.
microseconds watchdog_time() {
  std::uint64_t limit = 0;
  return ::sd_watchdog_enabled(0, &limit) > 0 ? microseconds(limit) : microseconds(0);
}

/// A status of several lines would be read as several assignments.
std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

} // namespace

class service_notifier::speaker {
public:
  explicit speaker(watched_node watched)
    : watched_(std::move(watched)), watchdog_(watchdog_time()),
      beat_(watchdog_.count() > 0 ? std::min<microseconds>(watchdog_ / 2, std::chrono::seconds(1))
                                  : microseconds(std::chrono::seconds(1))),
      thread_([this] { run(); }) {}

  ~speaker() {
    {
      std::lock_guard guard(mutex_);
      is_ending_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }

  void stopping() {
    std::lock_guard guard(mutex_);
    ::sd_notify(0, "STOPPING=1");
  }

private:
  void run() {
    std::unique_lock guard(mutex_);
    while (!is_ending_) {
      guard.unlock();
      auto state = next_state();
      guard.lock();
      if (!state.empty() && !is_ending_)
        ::sd_notify(0, state.c_str());
      wake_.wait_for(guard, beat_, [this] { return is_ending_; });
    }
  }

  /// What there is to say now; asks the node without our lock, because it may take time.
  std::string next_state() {
    std::string state;
    if (auto text = one_line(watched_.status_text()); text != said_) {
      state += "STATUS=" + text + "\n";
      said_ = std::move(text);
    }
    bool is_live = watched_.is_live();
    if (!is_ready_ && watched_.is_started()) {
      is_ready_ = true;
      state += "READY=1\n";
    } else if (!is_ready_ && is_live) {
      // A long check or replay is no failed start (systemd.service(5), TimeoutStartSec).
      state += "EXTEND_TIMEOUT_USEC=30000000\n";
    }
    if (is_live && watchdog_.count() > 0)
      state += "WATCHDOG=1\n";
    return state;
  }

  const watched_node watched_;
  const microseconds watchdog_;
  const microseconds beat_;
  std::string said_;      // the thread's own
  bool is_ready_ = false; // the thread's own
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_ending_ = false;
  std::thread thread_;
};

service_notifier::service_notifier(watched_node watched) {
  if (std::getenv("NOTIFY_SOCKET"))
    speaker_ = std::make_unique<speaker>(std::move(watched));
}

service_notifier::~service_notifier() = default;

void service_notifier::stopping() {
  if (speaker_)
    speaker_->stopping();
}

} // namespace node
