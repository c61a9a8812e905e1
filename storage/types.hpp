// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "base/hash.hpp"
#include "base/tagged.hpp"
#include "base/uuid.hpp"
#include "raft/types.hpp"

namespace storage {

struct revision_tag;

/// The log index of the entry that last changed a row. Zero: never.
using revision = base::tagged_position<revision_tag>;

/// Whose stores these are. Both stores carry it; a mismatch is refused.
struct identity {
  base::uuid cluster_id;
  raft::server_id server;
  raft::incarnation incarnation;
  base::uuid log_uuid; ///< of the log store; the state machine names the log it belongs to
  friend bool operator==(const identity&, const identity&) = default;
};

/// The order-independent sum of all row digests: 4 lanes of 64 bits, each added
/// modulo 2^64 (docs/on_disk.md).
struct state_digest {
  std::array<std::uint64_t, 4> lanes{};
  friend bool operator==(const state_digest&, const state_digest&) = default;
};

/// How far the log was when a batch was applied: recorded beside the rows, so that a
/// log that went back behind it is recognised (rule 29). Both only grow.
struct log_watermark {
  std::uint64_t write_counter = 0; ///< of the log store
  raft::log_index committed;       ///< durable commit index: a tail never ends before it
  friend bool operator==(const log_watermark&, const log_watermark&) = default;
};

} // namespace storage
