// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/snapshot_limits.hpp"
#include "storage/types.hpp"

namespace storage {

/// The replicated values beside the rows; sealed by one checksum.
struct state_meta {
  raft::entry_id last_applied;
  raft::chain_hash chain; ///< of the entry at `last_applied`
  raft::membership membership;
  state_digest digest;
  /// The digest at the newest index divisible by `digest_interval`; none before the first.
  std::optional<raft::digest_point> recorded_digest{};
  friend bool operator==(const state_meta&, const state_meta&) = default;
};

struct snapshot_report {
  state_meta meta;
  std::uint64_t rows = 0;
  std::uint64_t file_bytes = 0;
};

/// How a long copy or verification is watched from outside.
struct snapshot_watch {
  /// Asked every few megabytes, on the thread of the call; empty: always yes.
  std::function<bool()> keep_going;
  /// What the files of the state may come to hold beyond the state itself because the copy
  /// keeps a read transaction open: the WAL of SQLite, the growth of an LMDB file (two
  /// stores, one truth: rule 13).
  std::uint64_t held_bytes_max = base::limits::snapshot_held_bytes_max;

  bool may_go_on() const { return !keep_going || keep_going(); }
};

/// Makes snapshot files of a state machine that goes on being written. One thread at a
/// time, another than the writer's; may outlive the state machine.
class snapshot_source {
public:
  virtual ~snapshot_source() = default;

  /// Writes a consistent copy to `path` (through `path + ".partial"`) within one held read
  /// transaction; verified whole, synced, renamed, directory synced (INV-65).
  /// Errors: `interrupted` when the watch said no or the state machine is given up or
  /// closed; `limit` when the held transaction made the files grow too much; `storage_full`
  /// unless twice the size is free; `corrupt`; `busy`; `io`. After an error nothing is left
  /// but perhaps the partial file, which the next call replaces.
  virtual base::result<snapshot_report> write(const std::string& path,
                                              const snapshot_watch& watch) = 0;
};

/// Between a state machine and its snapshot sources: none of them reads while the file is
/// replaced. Any thread.
class snapshot_gate {
public:
  /// The right to read the files, until it goes.
  class pass {
  public:
    explicit pass(snapshot_gate& gate) : gate_(&gate) {}
    pass(pass&& other) noexcept : gate_(std::exchange(other.gate_, nullptr)) {}
    pass& operator=(pass&&) = delete;
    ~pass() {
      if (gate_ != nullptr)
        gate_->leave();
    }

  private:
    snapshot_gate* gate_;
  };

  /// Nothing once the gate was shut.
  std::optional<pass> enter() {
    std::lock_guard guard(mutex_);
    if (is_shut_)
      return std::nullopt;
    ++inside_;
    return pass(*this);
  }
  /// From now on nobody enters. Returns whether nobody is inside any more.
  bool shut() {
    std::lock_guard guard(mutex_);
    is_shut_ = true;
    return inside_ == 0;
  }
  /// Whether whoever is inside should hurry out.
  bool is_shut() const {
    std::lock_guard guard(mutex_);
    return is_shut_;
  }

private:
  void leave() {
    std::lock_guard guard(mutex_);
    --inside_;
  }

  mutable std::mutex mutex_;
  bool is_shut_ = false;
  int inside_ = 0;
};

} // namespace storage
