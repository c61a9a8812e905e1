// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "trace/match.hpp"
#include "trace/recording.hpp"

namespace trace {

/// What somebody who follows a recording asks for in one look.
struct tail_request {
  match_expression match;
  std::uint64_t after_ns = 0; ///< steady clock; the events behind this moment
  std::uint64_t until_ns = 0; ///< and up to this one
  std::size_t limit = 1000;   ///< of events, the first; those of one moment are not torn apart
  /// Also what is said again and again though nothing happens: ticks, append_entries without
  /// anybody's entries, answers to them that settled nothing, and the looks of sessions.
  bool with_heartbeats = false;
};

/// The route of a look: a session does not show that somebody follows.
inline constexpr std::string_view tail_route = "GET /debug/trace/tail";

struct tail_page {
  struct line {
    const recorded_event* what; ///< in the recording that was looked at
    match_subject about;        ///< its names point there, too
  };
  std::vector<line> lines;
  std::uint64_t next_ns = 0; ///< the `after_ns` of the next look
};

/// How far back from `after_ns` a recording must reach, so that what is known of a message from before
/// (how long it waited, what a peer said in it) is found: what took longer is not.
inline constexpr std::uint64_t tail_memory_ns = 2'000'000'000;

tail_page look(const recording& what, const tail_request& wanted);

/// One JSON object: `next`, as text, `is_complete`, and `events` as in `to_ndjson` with what else is
/// known: `rpc`, `peer`, `queued_ns`, `handling_ns`.
std::string to_json(const tail_page& page, const recording& from, bool is_complete);

} // namespace trace
