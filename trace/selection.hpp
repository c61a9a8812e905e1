// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "trace/recording.hpp"

namespace trace {

/// A trace id as in a `traceparent`: 32 hexadecimal digits in lower case, not all zero.
std::optional<base::uuid> parse_trace_id(std::string_view digits);

/// What of a recording belongs to one trace: its request, the messages that were sent for it or
/// left a step of it, and what was done while they were handled. The steps of other traces
/// are left out.
recording only_trace(const recording& what, const base::uuid& trace);

/// The newest events alone: `span_ns` back from the last one, `limit` at most.
void keep_newest(recording& what, std::uint64_t span_ns, std::size_t limit);

} // namespace trace
