// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/uuid.hpp"

namespace http {

/// W3C Trace Context: which trace a request belongs to, and our step in it.
struct trace_context {
  base::uuid trace;
  std::uint64_t span = 0; ///< ours
  std::uint8_t flags = 0;

  /// The `traceparent` of the answer.
  std::string to_header() const;
};

/// Reads a `traceparent`; nothing when it is malformed, of version ff, or names no trace:
/// the request then begins a trace of its own. `span` is the sender's.
std::optional<trace_context> parse_traceparent(std::string_view header);

/// A trace id by itself: 32 hexadecimal digits in lower case, not all zero.
std::optional<base::uuid> parse_trace_id(std::string_view digits);

/// Numbers for traces and spans: unlike each other, not secret. One thread.
class trace_numbers {
public:
  trace_numbers();
  trace_context fresh();
  std::uint64_t fresh_span();

private:
  std::uint64_t state_;
};

} // namespace http
