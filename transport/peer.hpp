// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/uuid.hpp"
#include "raft/types.hpp"
#include "transport/refusal.hpp"

namespace transport {

/// Another server, as the newest membership names it.
struct peer {
  raft::server_id id;
  raft::incarnation incarnation; ///< nil: that life is not known yet, any is taken
  std::string address;           ///< "host:port", "[v6]:port"; empty: it has to dial us

  friend bool operator==(const peer&, const peer&) = default;
};

/// Whom this server talks to.
struct peer_set {
  /// Without this server; each id once. While the newest membership is not committed: the
  /// servers of both it and the committed one, so that nobody is shut out by what may be undone.
  std::vector<peer> peers;
  /// The log index of the membership they come from. Of two servers whose memberships
  /// contradict each other, the one with the higher index is believed: a server that was
  /// away must let in the leader it has never heard of. Zero: nothing is known yet, and
  /// every server of the cluster that knows more is let in (a server that waits to join).
  raft::log_index membership_index;

  friend bool operator==(const peer_set&, const peer_set&) = default;
};

/// What became of a message that was to be sent. Only `queued` may still arrive; nothing
/// is ever sent again by this layer.
enum class send_outcome {
  queued,
  not_connected, ///< there is no link now; counted
  over_bound,    ///< the peer does not take what is waiting for it; counted
  unknown_peer,  ///< neither in the peer set nor linked
};

/// How it stands with one peer: for health, `/v1/cluster` and metrics. Counters begin
/// with the process and survive reconnects.
struct peer_state {
  raft::server_id id;
  raft::incarnation incarnation; ///< the link's, else the peer set's
  std::string address;           ///< as in the peer set; empty for an unlisted one
  bool is_listed = true;         ///< in the peer set

  bool is_connected = false;
  bool was_dialled_by_us = false;
  std::string remote_address;  ///< "ip:port" of the link's other end
  std::string program_version; ///< what the peer said it runs; kept after the link's end
  std::string http_addr;       ///< where it said it serves clients; likewise
  base::uuid boot;
  /// Of the newest membership the peer knew when the link was made; kept after the link's end.
  raft::log_index membership_index;

  /// Since anything came from it, over this link or the last; nothing: never.
  std::optional<std::chrono::milliseconds> since_heard;
  /// Of the newest ping that was answered.
  std::optional<std::chrono::microseconds> round_trip;
  std::string last_error; ///< why there is no link, or why the last one ended
  /// Why the other side refused this one, when that is why there is no link.
  std::optional<refusal_reason> refused_us;

  std::uint64_t connects = 0; ///< links made
  std::uint64_t disconnects = 0;
  std::uint64_t failed_dials = 0;
  std::uint64_t bytes_out = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t messages_out = 0;
  std::uint64_t messages_in = 0;
  std::uint64_t dropped_not_connected = 0;
  std::uint64_t dropped_over_bound = 0;
  std::uint64_t outbound_bytes = 0; ///< waiting now, the socket's own buffer not counted
};

} // namespace transport
