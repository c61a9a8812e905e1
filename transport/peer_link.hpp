// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>

#include <asio/steady_timer.hpp>

#include "raft/messages.hpp"
#include "transport/back_off.hpp"
#include "transport/dialler.hpp"
#include "transport/links.hpp"
#include "transport/node_context.hpp"
#include "transport/peer.hpp"

namespace transport {

/// The one link to one peer: dials when it is this side's turn, pings, ends a link whose
/// other end is silent, counts. `send` and `state` are for any thread, all else for the
/// I/O thread.
class peer_link : public std::enable_shared_from_this<peer_link> {
public:
  /// `to` outlives it.
  peer_link(std::shared_ptr<node_context> node, const callbacks& to, raft::server_id id);

  send_outcome send(const raft::message& body);
  peer_state state() const;

  /// The peer set lists it, or lists it differently now.
  void list(const peer& as);
  /// The peer set does not list it any more; the link ends, unless the other side knows a
  /// newer membership than `known`.
  void unlist(raft::log_index known);

  bool is_listed() const { return listed_.has_value(); }
  bool is_linked() const { return link_ != nullptr; }
  const std::optional<peer>& listed() const { return listed_; }

  /// Whether a handshake of a new connection may end in `welcome` (INV-133).
  std::optional<refusal> would_refuse(const identity& other) const;
  /// Takes the connection; ends the one there was.
  void adopt(greeted fresh);

  /// Ends everything for good.
  void stop();

private:
  struct counters {
    std::uint64_t connects = 0, disconnects = 0, failed_dials = 0, messages_out = 0,
                  messages_in = 0, dropped_not_connected = 0, dropped_over_bound = 0, bytes_in = 0,
                  bytes_out = 0; // bytes of ended links
  };

  bool is_dialled_by_lower(bool by_us) const;
  void end_link(const base::error& why, bool tells, refusal_reason reason = refusal_reason::other);
  void on_end(const base::error& why);
  void on_frame(const frame_view& frame);
  void on_message(const frame_view& frame);
  void on_bad_frame(const std::string& what);
  void on_pong(base::byte_view body);
  void ping();
  void schedule_ping();
  void schedule_dial(std::chrono::milliseconds wait);
  void dial();
  void on_dialled(greeting_outcome outcome);
  void report(const std::string& failure);
  void tell_change();

  const std::shared_ptr<node_context> node_;
  const callbacks& callbacks_;
  const raft::server_id id_;

  // I/O thread only.
  std::optional<peer> listed_;
  std::shared_ptr<dialler> dialler_;
  asio::steady_timer dial_timer_;
  asio::steady_timer ping_timer_;
  back_off back_off_;
  std::chrono::steady_clock::time_point linked_at_;
  std::string reported_; // the failure that was logged last, and when
  std::chrono::steady_clock::time_point reported_at_;
  raft::log_index other_membership_index_;

  // Written by the I/O thread under the lock, read by others under it.
  mutable std::mutex mutex_;
  std::shared_ptr<connection> link_;
  identity other_;
  std::uint8_t version_ = protocol_version_max;
  peer_state state_;                                                // without counters
  std::optional<std::chrono::steady_clock::time_point> last_heard_; // of ended links
  counters counters_;
};

} // namespace transport
