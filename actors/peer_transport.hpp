// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "raft/messages.hpp"
#include "storage/types.hpp"

namespace actors {

/// A server to be spoken with.
struct peer_address {
  raft::server_id id;
  /// The life of it that may take part; nil while none is known: the first that answers.
  raft::incarnation incarnation;
  std::string raft_addr; ///< "host:port"
  friend bool operator==(const peer_address&, const peer_address&) = default;
};

/// How the link to one peer stands, and what the peer said of itself when it was made.
struct peer_link {
  raft::server_id id;
  raft::incarnation incarnation; ///< nil before the first handshake
  std::string raft_addr;
  std::string http_addr; ///< empty before the first handshake, here and below
  std::string version;
  bool is_connected = false;
  /// Of the newest membership it knew when the link was made; zero: none.
  raft::log_index membership_index;
  /// When bytes of it last came; none: never.
  std::optional<std::chrono::steady_clock::time_point> last_heard;
  std::optional<std::chrono::microseconds> round_trip;
  std::string trouble; ///< why there is no connection; empty while there is one
  /// It refuses this server: its membership does not list it, or lists another life of it.
  bool calls_us_no_member = false;
  std::uint64_t bytes_waiting = 0;
  std::uint64_t messages_dropped = 0; ///< beyond the bound on what waits, or without a link
  std::uint64_t reconnects = 0;
};

/// Who is told what the transport hears. Called on the transport's own thread; must not
/// block and must not call back into the transport.
class peer_listener {
public:
  virtual ~peer_listener() = default;
  virtual void on_message(const raft::server_life& from, raft::message body) = 0;
  /// A link was made, lost or refused; the new state is in `peer_transport::links`.
  virtual void on_link_change(raft::server_id which) = 0;
  /// The transport ended by itself; nothing is heard any more until it is opened anew.
  virtual void on_failure(const base::error& why) = 0;
};

/// The way to the other servers, as the actors see it. Messages may be lost, repeated by
/// nobody, and come in the order sent over one connection. Any thread; no call waits for
/// a peer or a disk, but `close`, which waits for the listener's last call to return.
class peer_transport {
public:
  virtual ~peer_transport() = default;

  /// Begins to accept and to dial, as `self`, and to tell `listener`. Errors: `busy` (the
  /// port), `io`, `invalid` (certificates), naming what it is about. Open or not before.
  virtual base::status open(const storage::identity& self,
                            std::shared_ptr<peer_listener> listener) = 0;
  /// From its return on the listener is not called; what is sent is dropped. Links may
  /// stay: a peer then finds this process, but none of its actors. Idempotent.
  virtual void close() = 0;

  /// From now on these are dialled and spoken to. Another server of the same cluster may
  /// connect all the same: one that was away knows less than its leader (thesis 4.1), and
  /// of two that contradict each other the one with the higher `membership_index` is
  /// believed. Requires: open. Errors: `invalid` (an address), `limit`; then nothing changed.
  virtual base::status set_peers(std::vector<peer_address> peers,
                                 raft::log_index membership_index) = 0;

  /// False when it was dropped: no link, or too much waits for that peer.
  virtual bool send(raft::server_id to, raft::message body) = 0;

  virtual std::vector<peer_link> links() const = 0;
};

} // namespace actors
