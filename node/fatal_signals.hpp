// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "trace/recorder.hpp"

namespace node {

/// While it lives, a signal that ends the process for a fault of its own (SIGSEGV, SIGBUS, SIGFPE,
/// SIGILL, SIGABRT) is noted in the recorder's ring first, which outlives the process; then it does
/// what it did before. What is done in the handler is async-signal-safe: one atomic word, sigaction(2)
/// and raise(3). A fault on a stack that has overflowed cannot be noted: it ends the process at once.
/// One at a time in a process.
class fatal_signal_notes {
public:
  /// Requires: `recorder` outlives this.
  explicit fatal_signal_notes(trace::recorder& recorder);
  ~fatal_signal_notes();
  fatal_signal_notes(const fatal_signal_notes&) = delete;
  fatal_signal_notes& operator=(const fatal_signal_notes&) = delete;
};

} // namespace node
