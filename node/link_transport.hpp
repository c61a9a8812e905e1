// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "actors/peer_transport.hpp"
#include "node/settings.hpp"
#include "transport/stream.hpp"

namespace node {

/// The actors' way to the other nodes, over `transport::links`. The links live as long as
/// this object, whatever becomes of the actors: a peer can tell a node whose actors are
/// being restarted from one that is gone.
class link_transport : public actors::peer_transport {
public:
  using stream_taker = std::function<void(std::unique_ptr<transport::incoming_stream>)>;

  /// As `transport::links::open_stream`; `interrupted` before `open`. Blocks.
  virtual base::result<std::unique_ptr<transport::outgoing_stream>> open_stream(
      raft::server_id to, transport::stream_offer what, std::chrono::milliseconds timeout) = 0;

  /// Who gets the streams that come, on the I/O thread; must not block. Without a taker a
  /// stream is refused. Called once, before `open`.
  virtual void take_streams(stream_taker taker) = 0;

  /// As `transport::links::reload`; nothing while there are no links, which will read the
  /// files when they open.
  virtual base::status reload_certificates() = 0;
};

/// `on_taken` is told, by whoever opens it, that the address was taken when it was opened for
/// the first time in this process.
std::shared_ptr<link_transport> make_link_transport(
    const settings& all, std::function<void(const base::error&)> on_taken);

} // namespace node
