// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <thread>

namespace node {

/// What signals do. Called on the thread that waits for them, where everything is
/// allowed that a thread may do.
struct signal_actions {
  std::function<void(int)> stop;         ///< the first SIGTERM or SIGINT
  std::function<void(int)> stop_at_once; ///< every further one
  std::function<void()> hang_up;         ///< SIGHUP
  std::function<void()> dump;            ///< SIGUSR2
};

/// Blocks the signals above in this thread and all that it starts, and ignores SIGPIPE.
/// Call first thing in `main`, before any thread exists.
void block_signals();

/// Undoes `block_signals` for a child that wants the usual effects. Before any thread.
void unblock_signals();

/// Waits for signals on a thread of its own, for as long as it lives. Requires:
/// `block_signals` was called before any other thread was started.
class signal_listener {
public:
  explicit signal_listener(signal_actions actions);
  ~signal_listener();
  signal_listener(const signal_listener&) = delete;
  signal_listener& operator=(const signal_listener&) = delete;

private:
  std::atomic<bool> is_ending_{false};
  std::thread thread_;
};

} // namespace node
