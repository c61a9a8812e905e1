// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "trace/export_format.hpp"
#include "trace/recording.hpp"

namespace aspenctl {

/// What of recordings is to be exported.
struct trace_part {
  const trace::export_format* format;
  base::uuid trace;      ///< nil: everybody's
  std::uint64_t span_ns; ///< so far back from each one's newest event
  std::size_t limit;     ///< of events of each, the newest
};

/// Recordings of several nodes, or of one process at several times, in one export, by one clock and in the order in which things
/// happened (trace/merge.hpp). `otlp` keeps each node a resource of its own, with its times
/// corrected. Prints on stderr how the clocks stand to each other. Requires: at least one.
std::string export_merged(std::vector<trace::recording> given, const trace_part& wanted);

} // namespace aspenctl
