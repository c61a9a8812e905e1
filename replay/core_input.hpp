// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "raft/core.hpp"

/// What goes into a core, as values: everything that `raft::core` can be told, in the order of its
/// members. The core is deterministic: the same inputs after the same beginning yield the same
/// outputs, bit for bit.
namespace replay {

/// What a core is made of.
struct core_beginning {
  raft::core_config config;
  raft::recovered_state recovered;
  std::uint64_t random_seed = 0; ///< of `seeded_random`
};

namespace inputs {

struct tick {};
struct wall_clock {
  std::uint64_t unix_time_ms;
};
struct step {
  raft::server_life from;
  raft::message body;
};
struct propose {
  raft::proposal what;
};
struct forget_proposal {
  raft::request_id request;
};
struct propose_membership {
  raft::request_id request;
  raft::membership_change change;
};
struct transfer_leadership {
  raft::server_id to;
};
struct read_index {
  raft::request_id request;
};
struct wait_applied {
  raft::request_id request;
  raft::log_index index;
};
struct forget_read {
  raft::request_id request;
};
struct found {
  raft::membership founders;
};
struct peer_lost {
  raft::server_id peer;
};
struct cast_out {
  bool is_out;
};
struct disk_full {
  bool is_full;
};
struct snapshot_sent {
  raft::server_id to;
  raft::entry_id point;
};
struct snapshot_failed {
  raft::server_id to;
};
struct snapshot_received {
  raft::snapshot_point point;
};
struct installed {
  raft::entry_id point;
};
struct install_failed {};
struct persisted {};
struct applied {
  raft::log_index last;
};
struct digest_recorded {
  raft::digest_point point;
};
struct apply_due {};
struct log_read {
  std::vector<raft::entry> entries;
};
struct repaired {};
struct repair_refused {};
struct checkpoint_completed {
  raft::log_index index;
};
struct compacted {
  raft::snapshot_point point;
};
struct take_ready {};

} // namespace inputs

/// In the order of their numbers in a file: only added to.
using core_input = std::variant<
    inputs::tick, inputs::wall_clock, inputs::step, inputs::propose, inputs::forget_proposal,
    inputs::propose_membership, inputs::transfer_leadership, inputs::read_index,
    inputs::wait_applied, inputs::forget_read, inputs::found, inputs::peer_lost, inputs::cast_out,
    inputs::disk_full, inputs::snapshot_sent, inputs::snapshot_failed, inputs::snapshot_received,
    inputs::installed, inputs::install_failed, inputs::persisted, inputs::applied,
    inputs::digest_recorded, inputs::apply_due, inputs::log_read, inputs::repaired,
    inputs::repair_refused, inputs::checkpoint_completed, inputs::compacted, inputs::take_ready>;

/// What the core gives back at once: nothing, an outcome, or what it is owed.
using core_output = std::variant<std::monostate, bool, raft::propose_outcome,
                                 raft::membership_outcome, raft::transfer_outcome, raft::ready>;

/// Tells it. The one place that knows which input is which call.
core_output tell(raft::core& whom, const core_input& what);

/// "step 2: append_entries …", "tick": one line, for people.
std::string to_string(const core_input& what);
/// As in the golden transcripts (raft/format.hpp); empty for nothing.
std::string to_string(const core_output& what);

} // namespace replay
