// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>

#include "trace/recording.hpp"

/// Recordings in the formats of others' tools. Names are escaped as the format wants it; there
/// are no keys or values in a recording. Memory is in proportion to the events, where no bound is named.
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

/// A sequence diagram of Mermaid (https://mermaid.js.org/syntax/sequenceDiagram.html): an arrow
/// for each message, with how long it waited and was handled, work on the stores as notes, peers
/// as participants. The first `mermaid_lines_max` lines; a note says what is left out.
std::string to_mermaid(const recording& what);
/// Mermaid's own bound for a diagram is 50,000 characters.
inline constexpr std::size_t mermaid_lines_max = 300;

/// One page of HTML that needs nothing else: the messages as a tree, each below the one in whose
/// handling it was sent, with their times as bars; of one trace, with its critical path. At most
/// `html_rows_max` messages, the first; it says what is left out.
std::string to_html(const recording& what, const base::uuid& trace);
inline constexpr std::size_t html_rows_max = 5000;

/// The log form of ShiViz (https://bestchai.bitbucket.io/shiviz): the regular expression that
/// parses it, an empty line, then two lines an event: host and vector clock, date and text. A host is an
/// actor, or a thread that is none; the clocks come from the order in which messages were
/// sent and received.
std::string to_shiviz(const recording& what);

/// An ExportTraceServiceRequest of the OpenTelemetry protocol in its JSON form
/// (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding), for `/v1/traces` of a
/// collector: the request as a server span under the id of its `traceparent`, each message that was
/// handled and each piece of work as a span below what it came from, steps as events.
std::string to_otlp(const recording& what, const base::uuid& trace);
/// The same of several traces, in one request.
std::string to_otlp(const recording& what, std::span<const base::uuid> traces);

} // namespace trace
