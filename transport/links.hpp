// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "raft/messages.hpp"
#include "transport/identity.hpp"
#include "transport/peer.hpp"
#include "transport/settings.hpp"
#include "transport/stream.hpp"

/// The node's connections to the other nodes of its cluster (docs/transport.md): one link
/// to each peer for Raft's messages, kept up by itself, and connections of their own for
/// snapshots. Owns one thread for all sockets; nothing it does for one peer waits for
/// another (INV-135).
namespace transport {

/// Called on the I/O thread. They must not block, throw, or call `stop` or the destructor;
/// `send`, `set_peers` and `peer_states` may be called. None is called after `stop` returned.
struct callbacks {
  /// A message of the server named by the handshake (INV-132). Required.
  std::function<void(raft::server_id from, raft::message body)> on_message;
  /// A link came up, told before its first message, or went down. May be empty.
  std::function<void(const peer_state&)> on_peer_change;
  /// Another server wants to send a snapshot. Whoever takes the stream answers it, on a
  /// thread that may block; dropping it refuses. Empty: every stream is refused.
  std::function<void(std::unique_ptr<incoming_stream>)> on_stream;
  /// The I/O thread ended on its own, on a broken invariant or lack of memory: nothing is
  /// sent or received any more. Its owner should end too. May be empty.
  std::function<void(const base::error&)> on_failure;
};

class links {
public:
  /// Binds the address, loads the certificates and starts the thread. Blocks for as long
  /// as the certificate files take to read.
  /// Errors: `invalid` for an address that is none, for one beyond loopback without TLS
  /// (INV-136), for certificates that do not fit this server, naming the file and why;
  /// `busy` for a taken port; `not_found`, `io`; `resource` when descriptors ran out.
  static base::result<std::unique_ptr<links>> start(settings with, callbacks to);

  /// Whether `start` could bind that address now; binds it for a moment, and listens not.
  /// Any thread. Errors: `invalid` for an address that is none, `busy` for a taken port,
  /// `io`, `resource`; each names the address.
  static base::status try_address(const std::string& address);

  /// As `stop`.
  ~links();
  links(const links&) = delete;
  links& operator=(const links&) = delete;

  /// Ends all links and streams and joins the thread: when it returns, no callback runs or
  /// will. Streams that are still held answer `interrupted`. Idempotent; any thread but
  /// the I/O thread.
  void stop();

  /// Replaces the peer set. Links to servers that are no longer listed, or listed in
  /// another incarnation, are ended, except those to a server that knows a newer
  /// membership than this one; listed ones are dialled. Takes effect on the I/O thread
  /// soon after. Any thread.
  /// Errors: `invalid` for an address that is none, a repeated id, this server's own id,
  /// or one beyond loopback without TLS; `limit` beyond `bounds::peers_max`. Then nothing
  /// changed.
  base::status set_peers(peer_set to);

  /// Sends `body` over the link to `to`. Never blocks; what does not fit the bound of the
  /// peer is dropped (INV-134). Messages of one thread arrive in order, or not at all.
  /// Any thread.
  send_outcome send(raft::server_id to, const raft::message& body);

  /// Opens a connection for a snapshot to a listed peer and blocks until the peer answers
  /// the offer, at most `timeout`. Not for the I/O thread.
  /// Errors: `not_found` for a peer without an address; `busy` when the peer takes no
  /// stream now, `invalid` when it refuses this one, with its reason; `timeout`, `io`,
  /// `interrupted`.
  base::result<std::unique_ptr<outgoing_stream>> open_stream(raft::server_id to, stream_offer what,
                                                             std::chrono::milliseconds timeout);

  /// The listed peers and those linked, by id. Any thread.
  std::vector<peer_state> peer_states() const;

  /// Where this server listens, "ip:port", with the port the system chose for port 0.
  std::string listening_address() const;

  /// Reads the certificate files again; new connections use them, standing ones go on.
  /// On an error the old ones stay in force. Without TLS nothing happens. Any thread but
  /// the I/O thread.
  base::status reload();

  /// When this server's certificate in force ends, Unix seconds; nothing without TLS.
  std::optional<std::int64_t> certificate_not_after() const;

  /// Counts over all connections.
  struct totals {
    std::uint64_t accepted = 0;          ///< connections that came in
    std::uint64_t refused = 0;           ///< handshakes refused by this side
    std::uint64_t bad_frames = 0;        ///< connections ended because of what they sent
    std::uint64_t strangers_dropped = 0; ///< ended before a handshake, to make room
    std::uint64_t accept_pauses = 0;     ///< times descriptors or memory ran out
  };
  totals get_totals() const;

private:
  class implementation;
  explicit links(std::unique_ptr<implementation> made);
  std::unique_ptr<implementation> implementation_;
};

} // namespace transport
