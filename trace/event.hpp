// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/uuid.hpp"

/// What happened in the node, in fixed-size records that cost no allocation and no lock.
/// Never the content of a message, a key or a value.
namespace trace {

/// What an event tells. The numbers stand in files: never reused, only added to.
enum class event_kind : std::uint8_t {
  none = 0,
  // The life of an actor.
  spawned = 1, ///< by `other`
  exited = 2,  ///< `message` is the reason
  // The life of a message: `actor` is who receives it, `other` who sent it.
  sent = 10,      ///< put into the mailbox; `value` is how many wait there, this one included
  rejected = 11,  ///< the mailbox was full
  received = 12,  ///< its handling begins; `value` is how long it waited, in nanoseconds
  handled = 13,   ///< its handling ended; `value` is how long that took, in nanoseconds
  skipped = 14,   ///< left in the mailbox for later
  unhandled = 15, ///< the actor has no handler for it; comes before its `handled`
  timer = 16,     ///< as `sent`, by the actor's own clock
  dropped = 17,   ///< as `handled`: an answer that nobody waits for any more

  // Notes: what `actor` did or what was done to it, within the handling of `parent`.
  // `message` says what it was.
  supervised = 30, ///< a decision of the supervisor about `actor`
  validated = 31,  ///< a verdict about the stores; `value` is how many rules are violated

  work_began = 40, ///< on a store; `value` is how much, in entries or frames
  work_ended = 41, ///< `value` is how long it took, in nanoseconds
  /// A commit of a store has made this durable, and nobody was told yet. `log`: `value` is its last
  /// index, `detail` the term there. `hard state`: the commit index and the current term, `other`
  /// who got the vote in it. `state`: what is applied, index and term.
  durable = 42,

  /// Of the protocol; `value` is the index, `detail` the term. `other` says what a name can: who
  /// votes, where a leader's commit index advanced; the cluster, where the core began.
  raft = 50,

  // A request from outside: `detail` is our step of its trace, `other` the status.
  http_began = 60,
  http_ended = 61, ///< `value` is how long it took, in nanoseconds

  // Where one request among those that a message carries has come to; `trace` is its own.
  step = 70, ///< `value` is the index of its entry, `other` a peer it has to do with

  // What servers say to each other: `message` is the RPC, `other` the peer, `detail` the term.
  // `value` is what the RPC vouches for: of append_entries the leader's commit index, of its
  // answer the match index, 1 of a vote that is given or asked for, else zero.
  rpc_sent = 80,
  rpc_received = 81, ///< the message in hand is this
};

/// Whether its `detail` is a term.
constexpr bool has_term(event_kind kind) {
  return kind == event_kind::raft || kind == event_kind::durable || kind == event_kind::rpc_sent
         || kind == event_kind::rpc_received;
}

/// Whether an event tells of a message, and not of what an actor did.
constexpr bool is_about_message(event_kind kind) {
  return kind >= event_kind::sent && kind < event_kind::supervised;
}

/// The name of a kind as it stands in exports: "received".
std::string_view to_string(event_kind kind);

/// A name in the recording's name table; zero is "nobody".
using name_id = std::uint16_t;

/// Numbers a message, or a piece of work that messages come from; unique in one process,
/// zero is "none".
using span_id = std::uint64_t;

struct event {
  std::uint64_t time_ns = 0; ///< steady clock
  base::uuid trace;          ///< which conversation (W3C trace id); nil: none
  span_id span = 0;          ///< the message; of a note its `detail`
  span_id parent = 0;        ///< the message in whose handling it was sent, or done
  std::uint64_t value = 0;   ///< by kind
  name_id actor = 0;
  name_id other = 0;
  name_id message = 0; ///< the type
  event_kind kind = event_kind::none;

  /// The second figure of a note.
  std::uint64_t detail() const { return span; }

  friend bool operator==(const event&, const event&) = default;
};

} // namespace trace
