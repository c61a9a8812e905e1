// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <optional>

#include "raft/types.hpp"

namespace actors {

/// When each peer's raft actor was last heard here: for people and metrics, never for the
/// protocol. One thread.
class peer_contacts {
public:
  using time_point = std::chrono::steady_clock::time_point;

  void heard(raft::server_id from, time_point now) { last_[from] = now; }
  /// None: not since this life of the actor began.
  std::optional<time_point> last(raft::server_id which) const;
  /// The newest time since which a quorum, `self` included, has been heard; none while
  /// too few have been.
  std::optional<time_point> quorum(const raft::membership& members, raft::server_id self,
                                   time_point now) const;
  /// Forgets whoever is no member.
  void keep(const raft::membership& members);

private:
  std::map<raft::server_id, time_point> last_;
};

} // namespace actors
