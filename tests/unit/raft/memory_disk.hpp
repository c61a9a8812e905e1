// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <vector>

#include "raft/core.hpp"

namespace raft_test {

/// What one server's log store and state machine hold: all that survives a crash. Every
/// write is judged by the rules that the real stores keep too.
class memory_disk {
public:
  /// A new server of a cluster founded by `founders`: the founding entry is committed.
  memory_disk(const base::uuid& cluster_id, const raft::membership& founders);
  /// A server that waits to be let in: an empty log, nobody is a member.
  explicit memory_disk(const base::uuid& cluster_id);

  raft::recovered_state recovered() const;

  void persist(const raft::persist_request& request);
  void apply(const raft::apply_request& request);
  void record(const raft::digest_point& point) { digest_ = point; }
  std::vector<raft::entry> read(const raft::log_read_request& request) const;
  /// Keeps the newest `entries_kept` entries. Returns the snapshot point now in force.
  raft::snapshot_point compact(raft::log_index up_to, std::uint64_t entries_kept);
  /// The records of these entries can no longer be read. Requires: none of them can't yet.
  void damage(raft::log_index first, raft::log_index last);
  bool is_whole() const { return damaged_.empty(); }
  /// Requires: they begin the first damage, and are the very entries that stood there.
  void repair(const raft::repair_request& request);
  /// The state machine is gone; the log is whole.
  void lose_state_machine();
  /// The disk is what it was when `earlier` was copied from it.
  void roll_back(const memory_disk& earlier) { *this = earlier; }

  /// The state as a snapshot would hold it.
  raft::snapshot_point state_point() const;
  /// The state of `from` was received and verified: it survives a crash.
  void set_pending(const memory_disk& from);
  void drop_pending() { pending_.reset(); }
  /// The pending snapshot takes the place of the state, and the log begins after it; what
  /// follows stays if the log holds its very entry.
  void install();

  const raft::hard_state& state() const { return state_; }
  raft::log_index last_index() const;
  raft::log_index last_applied() const { return last_applied_; }
  /// Everything applied since the state machine was made, in order.
  const std::vector<raft::entry>& applied() const { return applied_; }
  const std::vector<raft::entry>& entries() const { return entries_; }
  /// The entry at `index`. Requires: it is not compacted.
  const raft::entry& at(raft::log_index index) const;

private:
  raft::entry_id last() const;
  raft::chain_hash last_chain() const;
  void append(const raft::entry& what);

  raft::snapshot_point snapshot_;
  std::vector<raft::entry> entries_;
  raft::hard_state state_;
  raft::log_index last_applied_;
  std::vector<raft::entry> applied_;
  bool is_state_lost_ = false;
  std::optional<raft::digest_point> digest_;
  std::vector<raft::damaged_run> damaged_;
  struct snapshot {
    raft::snapshot_point point;
    std::vector<raft::entry> applied;
  };
  std::optional<snapshot> pending_;
};

} // namespace raft_test
