// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>

#include "actors/actor_context.hpp"
#include "actors/checkpoint_policy.hpp"
#include "actors/disk_space.hpp"

namespace actors {

struct checkpoint_scheduler_settings {
  checkpoint_limits limits;
  std::chrono::milliseconds look_interval{100};
  std::function<std::chrono::system_clock::time_point()> wall_clock;
  /// While it is short the WAL is cut to zero at once. Null: never short.
  std::shared_ptr<disk_space> space = nullptr;
};

/// Starts the actor that says when a checkpoint is due. It looks at the status board
/// and asks the storage writer that runs now; it never touches a file, and at most one
/// of its checkpoints is under way.
checkpoint_scheduler_handle start_checkpoint_scheduler(caf::actor_system& system,
                                                       const actor_context& context,
                                                       checkpoint_scheduler_settings settings);

} // namespace actors
