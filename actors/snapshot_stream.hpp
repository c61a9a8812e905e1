// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <memory>

#include "actors/actor_context.hpp"
#include "actors/snapshot_transport.hpp"

namespace actors {

/// Starts one of the snapshot sender's streams: sends one file after the other to the peer
/// named with it, and reports progress and outcome. Blocks: detached. `is_stopping` ends a
/// stream between two chunks.
snapshot_stream_handle start_snapshot_stream(caf::actor_system& system,
                                             const actor_context& context,
                                             snapshot_sender_handle sender, std::size_t which,
                                             std::shared_ptr<snapshot_transport> transport,
                                             std::chrono::milliseconds open_timeout,
                                             std::shared_ptr<std::atomic<bool>> is_stopping);

} // namespace actors
