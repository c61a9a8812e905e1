// SPDX-License-Identifier: Apache-2.0
#include "node/fatal_signals.hpp"

#include <signal.h>

#include <array>
#include <atomic>

#include "base/check.hpp"

namespace node {

namespace {

constexpr std::array fatal_signals{SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

std::atomic<trace::recorder*> noted_in{nullptr};
static_assert(std::atomic<trace::recorder*>::is_always_lock_free);
std::array<struct sigaction, fatal_signals.size()> actions_before;

/// The signal is blocked while its handler runs: raised here, it comes again behind it, and meets what
/// was there before, a sanitizer's report or the default.
void note_and_pass_on(int number) {
  if (auto* recorder = noted_in.load())
    recorder->note_signal(number);
  for (std::size_t i = 0; i < fatal_signals.size(); ++i)
    if (fatal_signals[i] == number)
      ::sigaction(number, &actions_before[i], nullptr);
  ::raise(number);
}

} // namespace

fatal_signal_notes::fatal_signal_notes(trace::recorder& recorder) {
  BASE_CHECK(noted_in.exchange(&recorder) == nullptr, "fatal signals are noted in one ring");
  struct sigaction noting{};
  noting.sa_handler = note_and_pass_on;
  noting.sa_flags = SA_ONSTACK; // where a thread has another stack, as a sanitizer's threads do
  sigemptyset(&noting.sa_mask);
  for (std::size_t i = 0; i < fatal_signals.size(); ++i)
    ::sigaction(fatal_signals[i], &noting, &actions_before[i]);
}

fatal_signal_notes::~fatal_signal_notes() {
  for (std::size_t i = 0; i < fatal_signals.size(); ++i)
    ::sigaction(fatal_signals[i], &actions_before[i], nullptr);
  noted_in = nullptr;
}

} // namespace node
