// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "trace/recording.hpp"

namespace trace {

/// What a recording knows of one trace: the request it began with, the messages that had a
/// part in it, and what it waited for. A message carries many requests at once: it belongs to
/// those that left a step in its handling, and to the one it was sent for.
struct conversation {
  struct piece_of_work {
    name_id what = 0;
    std::uint64_t ended_ns = 0;
    std::uint64_t took_ns = 0;
  };
  struct step {
    name_id what = 0;
    name_id other = 0; ///< the peer it has to do with, if any
    std::uint64_t time_ns = 0;
    std::uint64_t index = 0; ///< of the entry; zero: none
  };
  struct message {
    span_id span = 0;
    span_id parent = 0;
    name_id actor = 0;
    name_id sender = 0;
    name_id type = 0;
    name_id rpc = 0;  ///< what a peer said in it
    name_id peer = 0; ///< and which one
    std::uint64_t sent_ns = 0;
    std::uint64_t received_ns = 0; ///< zero: not yet, or not recorded any more
    std::uint64_t handled_ns = 0;
    std::vector<piece_of_work> work;
    std::vector<step> steps;
  };
  struct request {
    span_id span = 0; ///< our step in its trace, as in the `traceparent` of its answer
    name_id route = 0;
    name_id status = 0;
    std::uint64_t began_ns = 0; ///< zero: not recorded any more
    std::uint64_t ended_ns = 0; ///< zero: not yet
  };
  /// A part of the time that the request took.
  struct part {
    std::string what;
    std::uint64_t took_ns = 0;
  };

  std::optional<request> asked;
  std::vector<message> messages; ///< in the order in which they were sent
  /// From the beginning of the request to its end, without a gap: what it waited for. Empty
  /// for a request that was not asked here, or is not answered yet.
  std::vector<part> critical_path;
};

conversation find_conversation(const recording& what, const base::uuid& trace);

/// Every message of a recording, whosever it is; no request and no path.
conversation every_message(const recording& what);

/// The same as JSON (docs/trace.md). `named`: as in its `traceparent`.
std::string to_json(const conversation& what, const recording& from, const base::uuid& named);

} // namespace trace
