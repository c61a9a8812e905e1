// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "raft/types.hpp"
#include "storage/cross_check.hpp"
#include "storage/types.hpp"

/// The way of a snapshot's bytes to another server, as the actors see it: a connection of
/// its own, bounded in memory whatever the size.
namespace actors {

struct snapshot_offer {
  raft::term term; ///< the sender's
  raft::snapshot_point point;
  std::uint64_t size_bytes = 0;
  base::uuid file;        ///< equal ids hold equal bytes
  base::bytes attributes; ///< `encode(snapshot_attributes)`
};

/// What the offer says for the storage layer alone.
struct snapshot_attributes {
  storage::backend backend = storage::backend::sqlite;
  storage::state_digest digest;
};
base::bytes encode(const snapshot_attributes& what);
/// Nothing for bytes of another form or version.
std::optional<snapshot_attributes> decode_snapshot_attributes(base::byte_view bytes);

/// The sending end. One thread, which may block; destroying it ends the connection.
class snapshot_output {
public:
  virtual ~snapshot_output() = default;
  /// Where the receiver wants the bytes to begin.
  virtual std::uint64_t resume_offset() const = 0;
  /// Blocks until the window takes them. Errors, each final: `io`; `timeout` for a receiver
  /// without a sign of life; `invalid` with the receiver's reason; `interrupted`.
  virtual base::status write(base::byte_view bytes) = 0;
  /// After the last byte: blocks until the receiver stands on the snapshot, or does not.
  virtual base::status finish() = 0;
};

/// The receiving end. One thread, which may block; destroying it before `complete` tells
/// the sender that it was given up.
class snapshot_input {
public:
  virtual ~snapshot_input() = default;
  virtual raft::server_id from() const = 0;
  virtual const snapshot_offer& offer() const = 0;
  virtual base::status accept(std::uint64_t offset) = 0;
  virtual void refuse(std::string reason) = 0;
  /// The next bytes in order; empty at the end. Errors, each final: `io`, `timeout`,
  /// `corrupt`, `invalid`, `interrupted`.
  virtual base::result<base::bytes> read() = 0;
  /// Tells the sender that this server stands on the snapshot.
  virtual base::status complete() = 0;
  /// Ends it from any thread; a blocked call returns `interrupted`.
  virtual void cancel() = 0;
};

class snapshot_transport {
public:
  virtual ~snapshot_transport() = default;
  /// Blocks until the peer has answered the offer, at most `timeout`. Any thread that may
  /// block. Errors: `not_found` for a peer without an address; `busy`; `invalid` when it
  /// refuses, with its reason; `timeout`; `io`; `interrupted`.
  virtual base::result<std::unique_ptr<snapshot_output>> open_snapshot(
      raft::server_id to, const snapshot_offer& what, std::chrono::milliseconds timeout) = 0;
};

/// Where the transport's thread leaves what comes: for one taker, one snapshot at a time.
/// Lives as long as the process; the receiver of each life of the group opens it. Any thread.
class snapshot_inbox {
public:
  using taker = std::function<void(std::shared_ptr<snapshot_input>)>;

  /// From now on `next` gets what comes; it must not block.
  void open(taker next) {
    std::lock_guard guard(mutex_);
    taker_ = std::move(next);
    is_taken_ = false;
  }
  void close() {
    std::lock_guard guard(mutex_);
    taker_ = nullptr;
  }
  /// The taker is done with the last one.
  void is_free() {
    std::lock_guard guard(mutex_);
    is_taken_ = false;
  }
  /// The taker is to end: whatever it waits for from the sender of a snapshot is over.
  void interrupt();
  /// From the transport. Refuses when nobody takes it, or another is being received.
  void put(std::unique_ptr<snapshot_input> stream);

private:
  std::mutex mutex_;
  taker taker_;
  bool is_taken_ = false;
  std::weak_ptr<snapshot_input> last_; ///< that was put
};

} // namespace actors
