// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace http {

/// A stack of its own, with a guard page below it, on which one piece of work after the
/// other runs as plain code and may stop in the middle. Belongs to one thread for its
/// whole life. The sanitizers are told of every switch here and nowhere else.
class fiber {
public:
  using work = void (*)(void* argument);

  /// Bytes of stack. The parser's and formatter's buffers are 2–4 KiB each and nest four
  /// deep; pages never touched cost address space only. Sanitizers pad every frame.
  static const std::size_t stack_bytes;

  /// Errors: throws `std::bad_alloc` when the kernel gives no memory.
  fiber();
  /// Requires: `is_idle()`.
  ~fiber();
  fiber(const fiber&) = delete;
  fiber& operator=(const fiber&) = delete;

  /// True before the first `start` and after its work has returned.
  bool is_idle() const { return work_ == nullptr; }

  /// Runs `what(argument)` until it returns or suspends. `what` must not throw.
  /// Requires: `is_idle()`; not called on a fiber.
  void start(work what, void* argument);
  /// Goes on where `suspend` was called. Requires: not idle; not called on a fiber.
  void resume();
  /// Gives control back to the caller of `start` or `resume` until the next `resume`.
  /// Requires: called on this fiber, and not while an exception is being handled or
  /// unwound: the run-time keeps those by thread, not by stack (INV-110, throws).
  void suspend();

private:
  struct implementation;
  implementation* self_; ///< lives at the top of the stack it describes
  work work_ = nullptr;
  void* argument_ = nullptr;
};

} // namespace http
