// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>

#include "http/trace_context.hpp"
#include "trace/context.hpp"
#include "trace/recorder.hpp"

namespace http {

struct route;

/// Tells the recorder of the requests of one worker: its thread only. Nothing without a
/// recorder. The target is never told: keys are data.
class request_trace {
public:
  explicit request_trace(trace::recorder* recorder);

  void began(const trace_context& whose) const;
  /// `matched` null: refused before a route was found. `status` zero: none was sent.
  void ended(const trace_context& whose, const route* matched, int status,
             std::chrono::nanoseconds took);

  /// What the thread works on while it serves the request.
  trace::context context_of(const trace_context& whose) const {
    return {whose.trace, whose.span, as_};
  }

private:
  trace::name_id name_of(const route* matched);
  trace::name_id name_of(int status);

  trace::recorder* recorder_;
  trace::name_id as_ = 0;
  // The recorder takes a lock to give a name its number.
  std::map<const route*, trace::name_id> routes_;
  std::map<int, trace::name_id> statuses_;
};

} // namespace http
