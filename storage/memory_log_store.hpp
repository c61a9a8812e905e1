// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>

#include "storage/log_outline.hpp"
#include "storage/log_seed.hpp"
#include "storage/log_store.hpp"

namespace storage {

/// A log in memory: nothing of it outlives the object. For the `inmemory` backend and for
/// tests. Keeps the same rules as the durable one.
class memory_log_store final : public log_store {
public:
  explicit memory_log_store(const log_seed& seed);

  const log_state& state() const override { return outline_.state(); }
  base::status append(const log_batch& batch) override;
  base::result<std::vector<raft::entry>> read(raft::log_index first, raft::log_index last,
                                              std::size_t bytes_max) override;
  /// Throws: memory is not damaged.
  base::status repair(const std::vector<raft::entry>& entries) override;
  base::status set_checkpoint_started(raft::log_index index) override;
  base::status set_checkpoint_completed(raft::log_index index) override;
  base::status reset_checkpoints() override;
  base::result<raft::snapshot_point> compact(raft::log_index up_to, std::uint64_t entries_kept,
                                             std::uint64_t bytes_kept) override;
  base::status set_pending_install(const pending_install& pending) override;
  base::status finish_pending_install() override;
  base::status drop_pending_install() override;
  log_sizes sizes() const override;

private:
  const raft::entry& at(raft::log_index index) const;
  raft::chain_hash chain_at(raft::log_index index) const;
  bool holds(const raft::snapshot_point& point) const;
  void drop_front_up_to(raft::log_index index);

  log_outline outline_;
  std::deque<raft::entry> entries_; ///< from `outline_.first_index()` on
};

} // namespace storage
