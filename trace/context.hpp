// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "trace/event.hpp"

namespace trace {

/// What a thread works on: whatever it sends meanwhile comes from that.
struct context {
  base::uuid trace;  ///< the conversation; nil: none that anybody named
  span_id span = 0;  ///< the message that is being handled
  name_id actor = 0; ///< by whom
};

/// The calling thread's.
inline context& current() {
  thread_local context mine;
  return mine;
}

/// Sets the thread's context for a scope, and what it was before at the end.
class scope {
public:
  explicit scope(const context& now) : before_(std::exchange(current(), now)) {}
  ~scope() { current() = before_; }
  scope(const scope&) = delete;
  scope& operator=(const scope&) = delete;

private:
  context before_;
};

} // namespace trace
