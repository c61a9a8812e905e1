// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>

#include "raft/types.hpp"

/// What a request to the core is told at once. Everything but `accepted` means: nothing
/// was done, and nothing will be.
namespace raft {

struct accepted {};

/// The leader is somebody else; `leader` is zero when none is known, or when leadership is
/// moving: ask again soon.
struct not_leader {
  server_id leader;
};

/// A bound on what is under way is reached.
struct overloaded {
  std::uint64_t limit;
  std::uint64_t actual; ///< what it would have become
};

/// The leader's disk is full (`core::disk_full`).
struct storage_full {};

using propose_outcome = std::variant<accepted, not_leader, overloaded, storage_full>;
using read_outcome = propose_outcome; ///< a read does not mind a full disk

/// Why leadership is not handed over (thesis 3.10).
enum class transfer_refusal {
  not_leader,  ///< see `leader`
  in_progress, ///< it is on its way to somebody already
  no_voter,    ///< the target does not vote, or is the leader itself; nobody else does
  unreachable, ///< the target did not answer lately, or is fenced
};
struct transfer_refused {
  transfer_refusal why;
  server_id leader;
};
using transfer_outcome = std::variant<accepted, transfer_refused>;

} // namespace raft
