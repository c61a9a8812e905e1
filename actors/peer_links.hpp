// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "actors/actor_context.hpp"
#include "actors/peer_transport.hpp"
#include "base/limits.hpp"

namespace actors {

struct peer_links_settings {
  std::shared_ptr<peer_transport> transport;
  /// The transport is opened before any member is known: the configuration names peers, or
  /// this server waits to be admitted. Else with the first peer.
  bool opens_at_once = false;
  std::chrono::milliseconds status_interval{500};
  /// How long a server that is to be added may take to answer.
  std::chrono::milliseconds find_patience{3000};
  std::uint64_t inbound_bytes_max = base::limits::peer_inbound_bytes_max;
};

/// Starts the actor that keeps the transport to the other servers: it follows the
/// membership, hands what peers say to the raft actor, bounded in bytes, publishes how the
/// links stand, and finds out whether a server that is to be added answers. Requires the
/// log writer begun and a raft actor in the directory. Never blocks.
peer_links_handle start_peer_links(caf::actor_system& system, const actor_context& context,
                                   generation life, peer_links_settings settings);

} // namespace actors
