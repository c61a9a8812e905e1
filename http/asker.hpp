// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/client_requests.hpp"
#include "actors/inspection_requests.hpp"

namespace http {

/// A handler's way to the actors. Each call looks like a plain one and holds up this
/// request alone: it suspends the fiber until the answer or the deadline is there.
/// A caller holds no lock, no reference to a thread's own data and no store across it.
class asker {
public:
  virtual ~asker() = default;

  virtual actors::answer<actors::written> write(const storage::command& what,
                                                bool answer_needs_apply) = 0;
  virtual actors::answer<actors::query_result> read(actors::query what,
                                                    actors::consistency consistency,
                                                    raft::log_index min_index) = 0;
  /// Has the long deadline.
  virtual actors::answer<actors::checkpoint_done> checkpoint() = 0;
  /// Has the long deadline.
  virtual actors::answer<actors::cluster_changed> change_cluster(actors::cluster_change what) = 0;
  /// Answered as soon as it is under way.
  virtual actors::answer<actors::restart_under_way> restart_child(std::string name,
                                                                  bool clears_quarantine) = 0;
  // Of both stores in use. Each has the long deadline, but for a piece.
  virtual actors::answer<actors::snapshot_made> take_snapshot() = 0;
  virtual actors::answer<actors::validated> validate() = 0;
  virtual actors::answer<actors::copied_log> copy_log() = 0;
  /// Has a deadline of its own: the whole state is copied and verified.
  virtual actors::answer<actors::backup_made> take_backup() = 0;
  virtual actors::answer<base::bytes> read_held_file(
      const std::shared_ptr<const actors::held_file>& file, std::uint64_t offset) = 0;
  /// Accounts for `bytes` that this request keeps until its answer is sent; false when the
  /// listener's bound on memory does not allow it.
  virtual bool reserve(std::size_t bytes) = 0;
};

} // namespace http
