// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <unordered_map>
#include <vector>

#include "actors/client_requests.hpp"
#include "raft/ready.hpp"

namespace actors {

/// Which client waits for which proposal or read: the raft actor's other half, without
/// any say in the protocol. A request that leaves the ledger unanswered answers itself
/// (`reply_to`), with the stage it was in.
class client_ledger {
public:
  /// Takes a write under a fresh number. Its stage says already that it may count.
  raft::request_id add_write(client_write write, std::uint64_t now_ns);
  /// A fresh number, for what the ledger does not keep.
  raft::request_id take_number() { return next_++; }
  /// Takes a read under a fresh number.
  raft::request_id add_read(client_read read);

  /// The proposal has its place in the log. When that was applied already (another server
  /// appended it, and its word came late), a result is not to be had any more: unknown.
  void on_appended(raft::request_id request, raft::entry_id id);
  /// Answers a write that does not wait for its result; returns when it was accepted.
  std::uint64_t on_committed(raft::request_id request, raft::entry_id id);
  void on_dropped(raft::request_id request);
  /// Nil for a request that the ledger does not keep.
  base::uuid trace_of(raft::request_id request) const;
  /// Answers the writes that waited for the results of [first, first + results).
  void on_applied(raft::log_index first, const std::vector<storage::command_result>& results);

  /// Gives the read back, to be answered by somebody else.
  client_read take_read(raft::request_id request);
  void refuse_write(raft::request_id request, const failure& why);
  void refuse_read(raft::request_id request, const failure& why);
  /// Refuses every waiting read and names their numbers, so that the core forgets them.
  std::vector<raft::request_id> refuse_all_reads(const failure& why);
  /// Drops the reads whose askers gave up and names their numbers.
  std::vector<raft::request_id> drop_settled_reads();
  /// Drops the writes whose askers gave up: what becomes of them nobody asks any
  /// more. Names their numbers.
  std::vector<raft::request_id> drop_settled_writes();
  /// The state now holds everything up to `applied` in another way than by `on_applied`:
  /// whoever waits for a result at or below it is told that it is unknown.
  void skip_to(raft::log_index applied);
  /// Refuses every write that has a place in the log but no durable copy, as unknown.
  void refuse_appended_writes(failure why);

private:
  struct waiting_write {
    client_write write;
    std::uint64_t accepted_ns;
    raft::log_index index; ///< zero before it is appended
  };
  std::unordered_map<raft::request_id, waiting_write> writes_;
  std::unordered_map<raft::request_id, client_read> reads_;
  /// Writes whose clients wait for the result, by index.
  std::map<raft::log_index, raft::request_id> results_wanted_;
  raft::log_index applied_; ///< results up to here were handed out
  raft::request_id next_ = 1;
};

} // namespace actors
