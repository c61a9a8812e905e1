// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "actors/actor_context.hpp"
#include "actors/snapshot_transport.hpp"
#include "storage/install.hpp"

namespace actors {

struct snapshot_receiver_settings {
  std::shared_ptr<snapshot_inbox> inbox;
  storage::store_paths stores; ///< beside which the files of a snapshot lie
  std::uint64_t map_bytes = storage::lmdb_map_bytes_default;
};

/// Starts the actor that receives snapshots, one at a time: it writes what comes to a file
/// of its own, where a later try goes on, verifies the whole, has it recorded in the log and
/// tells the raft actor (two stores, one truth: rule 16, steps 1 and 2). The sender hears
/// that it is done when the snapshot has taken the state machine's place. Memory does not
/// depend on the size. Refuses, with a reason the sender gets to see, what is not newer than
/// the state here, is of an older term or another backend, or does not fit the disk. Blocks:
/// detached. Requires log writer, storage writer and, when one comes, a raft actor in the
/// directory.
snapshot_receiver_handle start_snapshot_receiver(caf::actor_system& system,
                                                 const actor_context& context, generation life,
                                                 snapshot_receiver_settings settings);

} // namespace actors
