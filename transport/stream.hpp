// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "raft/types.hpp"

/// A snapshot's bytes from one server to another, on a connection of their own with the
/// same handshake as a link. Both ends are held by a thread that may block; memory stays
/// below `bounds::stream_window_bytes` a side, whatever the size (INV-138).
namespace transport {

/// What is offered. The receiver compares `file` with what it has of an earlier try, and
/// may ask for the rest only.
struct stream_offer {
  raft::term term; ///< the sender's: a receiver in a newer one refuses
  raft::snapshot_point point;
  std::uint64_t size_bytes = 0;
  base::uuid file;        ///< equal ids hold equal bytes; another try of the same file keeps it
  base::bytes attributes; ///< the storage layer's own words, opaque here; at most 64 KiB

  friend bool operator==(const stream_offer&, const stream_offer&) = default;
};

// What the holder of an end shares with the I/O thread.
class stream_sender;
class stream_receiver;

/// The sending end. One thread at a time, except `cancel`. Destroying it before `finish`
/// returned ends the connection; the receiver sees an error.
class outgoing_stream {
public:
  explicit outgoing_stream(std::shared_ptr<stream_sender> channel);
  ~outgoing_stream();
  outgoing_stream(const outgoing_stream&) = delete;
  outgoing_stream& operator=(const outgoing_stream&) = delete;

  /// Where the receiver wants the bytes to begin.
  std::uint64_t resume_offset() const;

  /// Appends the bytes that follow those written so far; blocks until the window takes
  /// them. A slow receiver may take as long as it lives; one that shows no sign of life
  /// ends the stream.
  /// Errors, each final: `io`, `timeout` (no sign of life), `invalid` (the receiver gave
  /// up, with its reason, or more than the offered size is written), `interrupted`.
  base::status write(base::byte_view bytes);

  /// Says that all bytes were written, and blocks until the receiver has verified and
  /// kept them, or has not. Requires: the offered size was written.
  /// Errors: as `write`.
  base::status finish();

  /// Ends it from any thread; a blocked call returns `interrupted`.
  void cancel();

private:
  std::shared_ptr<stream_sender> channel_;
};

/// The receiving end. One thread at a time, except `cancel`. Destroying it before
/// `complete` tells the sender that it was given up.
class incoming_stream {
public:
  incoming_stream(std::shared_ptr<stream_receiver> channel, raft::server_id from,
                  stream_offer what);
  ~incoming_stream();
  incoming_stream(const incoming_stream&) = delete;
  incoming_stream& operator=(const incoming_stream&) = delete;

  raft::server_id from() const { return from_; }
  const stream_offer& offer() const { return offer_; }

  /// Takes the offer; the bytes begin at `offset`. Requires: `offset` <= the offered size,
  /// and neither `accept` nor `refuse` was called.
  base::status accept(std::uint64_t offset);
  /// Declines, or gives up on what was accepted; `reason` is what the sender gets to see.
  void refuse(std::string reason);

  /// The next bytes in order, at most one chunk; empty at the end of the file. Blocks.
  /// Requires: accepted.
  /// Errors, each final: `io`, `timeout` (the sender shows no sign of life), `corrupt` (a
  /// chunk is not what was sent), `invalid` (the sender gave up), `interrupted`.
  base::result<base::bytes> read();

  /// After the end was read: tells the sender that the file is verified and kept. Does not
  /// wait for it: a sender that misses the answer offers the file again, and is asked for
  /// nothing more of it.
  base::status complete();

  /// Ends it from any thread; a blocked call returns `interrupted`.
  void cancel();

private:
  std::shared_ptr<stream_receiver> channel_;
  raft::server_id from_;
  stream_offer offer_;
};

} // namespace transport
