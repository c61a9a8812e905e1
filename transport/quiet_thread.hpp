// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <thread>
#include <utility>

#include <signal.h>

namespace transport {

/// A thread that receives no signals: they belong to the thread that waits for them.
/// Throws std::system_error when there is no room for one.
template <class Function>
std::thread quiet_thread(Function body) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  struct restore {
    sigset_t mask;
    ~restore() { pthread_sigmask(SIG_SETMASK, &mask, nullptr); }
  } at_end{before};
  return std::thread(std::move(body));
}

} // namespace transport
