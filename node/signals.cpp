// SPDX-License-Identifier: Apache-2.0
#include "node/signals.hpp"

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <utility>

namespace node {

namespace {

// Makes the listener look whether it is to end. Sent by anybody else it asks for a dump.
constexpr int wake_signal = SIGUSR2;

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int each : {SIGTERM, SIGINT, SIGHUP, wake_signal})
    sigaddset(&set, each);
  return set;
}

void listen(const signal_actions& actions, const std::atomic<bool>& is_ending) {
  const auto set = handled_signals();
  bool is_stopping = false;
  for (;;) {
    int number = 0;
    if (::sigwait(&set, &number) != 0)
      continue;
    if (number == SIGHUP)
      actions.hang_up();
    else if (number == SIGTERM || number == SIGINT)
      (std::exchange(is_stopping, true) ? actions.stop_at_once : actions.stop)(number);
    else if (is_ending.load())
      return;
    else
      actions.dump();
  }
}

} // namespace

void block_signals() {
  auto set = handled_signals();
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A client that hangs up is an error of that write.
  ::signal(SIGPIPE, SIG_IGN);
  // So is a limit on the size of files (setrlimit(2)).
  ::signal(SIGXFSZ, SIG_IGN);
}

void unblock_signals() {
  auto set = handled_signals();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::signal(SIGPIPE, SIG_DFL);
  ::signal(SIGXFSZ, SIG_DFL);
}

signal_listener::signal_listener(signal_actions actions)
  : thread_([this, actions = std::move(actions)] { listen(actions, is_ending_); }) {}

signal_listener::~signal_listener() {
  is_ending_ = true;
  ::pthread_kill(thread_.native_handle(), wake_signal);
  thread_.join();
}

} // namespace node
