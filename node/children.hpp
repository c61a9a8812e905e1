// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "actors/actor_context.hpp"
#include "actors/disk_space.hpp"
#include "actors/snapshot_transport.hpp"
#include "node/link_transport.hpp"
#include "node/settings.hpp"
#include "storage/cross_check.hpp"
#include "supervisor/child_spec.hpp"

namespace node {

/// The group that owns the stores and starts behind the gate.
inline constexpr const char* store_group = "stores";

/// The gate's newest report: what the stores are opened by. Any thread.
class newest_check {
public:
  void set(storage::check_report report) {
    std::lock_guard guard(mutex_);
    report_ = std::move(report);
  }
  storage::check_report get() const {
    std::lock_guard guard(mutex_);
    return report_;
  }

private:
  mutable std::mutex mutex_;
  storage::check_report report_;
};

/// What ties this node to others.
struct cluster_ties {
  std::shared_ptr<link_transport> transport;
  std::shared_ptr<actors::snapshot_transport> snapshots; ///< out
  std::shared_ptr<actors::snapshot_inbox> inbox;         ///< in
  /// The cluster that a node without a log joins, as a node of it said; nothing: none.
  std::optional<base::uuid> joined;
};

/// The supervision tree as one list, in start order: log writer, storage writer, reader
/// pool, snapshot sender, snapshot receiver, raft actor and peer links as one group, then the checkpoint scheduler by itself.
/// `space` may be null. `all`, `context` and `check` outlive the children.
std::vector<supervisor::child_spec> children_of(const settings& all,
                                                const actors::actor_context& context,
                                                const newest_check& check, cluster_ties ties,
                                                std::shared_ptr<actors::disk_space> space);

} // namespace node
