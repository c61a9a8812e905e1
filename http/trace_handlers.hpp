// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"
#include "trace/recorder.hpp"

namespace http {

/// What the flight recorder holds: `?seconds=` back from now (5), at most `?limit=` events,
/// the newest (10000, up to 50000), in a `?format=` of trace/export_format.hpp (ndjson); with
/// `?trace=` what belongs to that one alone, however long ago, and 404 when nothing does. No actor
/// is asked. 503 when nothing is recorded.
reply get_trace(const request& what, asker& ask, site& at);

/// What is recorded here of the one trace whose id, 32 hexadecimal digits, stands in the path.
/// 404 when nothing is, or not any more.
reply get_one_trace(const request& what, asker& ask, site& at);

/// So many events of the ring, the newest, a request looks at: as many as four rings of the default
/// size hold, and at most a tenth of a second of its worker.
inline constexpr std::size_t events_looked_at_max = std::size_t{1} << 18;

/// What a node answers that records nothing.
refusal not_recording();

/// Where the recorder keeps its ring: "file", which outlives a crash, "memory" or "nothing".
std::string_view medium_of(const trace::recorder* recorder);

/// What is recorded where, and the dumps that are kept of earlier moments, the newest first.
reply get_trace_dumps(const request& what, asker& ask, site& at);

} // namespace http
