// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "actors/actor_context.hpp"
#include "base/limits.hpp"

namespace actors {

struct reader_pool_settings {
  std::size_t readers = 10;
  std::size_t waiting_max = base::limits::reads_waiting_max;
  /// Most reads one reader takes at a time, from one read snapshot.
  std::size_t batch_max = 32;
  /// How long reads under way may take, when the state is replaced, before they are interrupted.
  std::chrono::milliseconds close_patience{1000};
};

/// Starts the pool and its readers. Requires a storage writer in the directory. Reads
/// beyond `waiting_max` are refused as overloaded. The end of a reader ends the pool,
/// and the pool's end closes every reader's connection before anybody hears of it.
reader_pool_handle start_reader_pool(caf::actor_system& system, const actor_context& context,
                                     reader_pool_settings settings);

} // namespace actors
