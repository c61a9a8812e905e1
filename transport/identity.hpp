// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/uuid.hpp"
#include "raft/types.hpp"

namespace transport {

/// Who speaks; stands in every frame and never changes on a connection (INV-132).
struct identity {
  base::uuid cluster;
  raft::server_id server;
  raft::incarnation incarnation; ///< which life of the server's directory
  base::uuid boot;               ///< which run of its process

  friend bool operator==(const identity&, const identity&) = default;
};

} // namespace transport
