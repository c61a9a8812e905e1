// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/node_status.hpp"
#include "http/site.hpp"

namespace http {

/// One member, from all that this node knows of it. Of itself a node knows everything; how
/// far another is only the leader knows.
struct member_view {
  raft::server_id id;
  bool is_self = false;
  bool is_voter = false;
  std::string http_addr; ///< empty: not known here
  std::string raft_addr;
  std::optional<raft::log_index> match_index;
  std::optional<std::uint64_t> lag; ///< entries it does not hold durably; of this node: not applied
  /// A link stands, and where this node leads, its Raft actor answers; nothing: not known.
  std::optional<bool> is_reachable;
  /// Linked, but its Raft actor has not answered this leader for `raft_silence_max`.
  bool is_silent = false;
  std::string trouble; ///< why it is not reachable
  std::optional<std::chrono::milliseconds> last_contact;
  std::optional<std::chrono::microseconds> round_trip;
  std::string version;
  std::uint64_t bytes_waiting = 0;
  std::uint64_t messages_dropped = 0;
  std::uint64_t reconnects = 0;
};

/// What a view is made from; null where nothing was published.
struct cluster_input {
  std::shared_ptr<const actors::raft_status> raft;
  std::shared_ptr<const actors::peers_status> peers;
  raft::server_id self;
  std::string self_http_addr;
  std::chrono::steady_clock::time_point now;
};

/// A Raft actor that answers nothing for so long, though its node is linked, has a trouble
/// of its own.
inline constexpr std::chrono::seconds peer_silence_max{3};

/// Every member of the newest configuration, voters first. Empty without a Raft actor. Pure.
std::vector<member_view> view_members(const cluster_input& seen);

cluster_input look_at_cluster(const site& at);

} // namespace http
