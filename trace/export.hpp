// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "trace/recording.hpp"

/// Recordings in the formats of others' tools. Names are JSON-escaped; there are no keys or
/// values in a recording. Memory is in proportion to the events.
namespace trace {

/// One JSON object a line and event, in the order of time: `time` (RFC 3339, UTC, to the
/// nanosecond), `kind`, `actor`, `other`, `message`, `trace`, `span`, `parent`, `value`,
/// `thread`; `term` for what the protocol did. What is nobody, nil or zero is left out.
std::string to_ndjson(const recording& what);

/// The JSON form of the Chrome trace event format, which the viewers of Perfetto and Chrome
/// open: a track for each actor with a slice for each message it handled and within it one
/// for each piece of work on a store, an arrow from where a message was sent to where it was
/// handled, a counter of each mailbox, requests as asynchronous slices, all else as marks.
/// What was being handled at the end is a slice without an end.
std::string to_perfetto(const recording& what);

} // namespace trace
