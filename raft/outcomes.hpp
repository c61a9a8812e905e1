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

} // namespace raft
