// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "actors/actor_context.hpp"
#include "actors/disk_space.hpp"
#include "raft/core.hpp"
#include "replay/recorded_core.hpp"

namespace actors {

struct raft_settings {
  raft::core_config core;
  std::chrono::milliseconds tick_interval{100};
  std::uint64_t random_seed = 0;
  /// Who found a cluster together, in lives that are not known yet: while the log is empty this
  /// server meets them all and writes the founding entry. Empty: it waits to be let in.
  std::vector<raft::member> founders;
  /// For how long a client waits: a leader does not take a forwarded write any later.
  std::chrono::milliseconds write_patience{10'000};
  /// Unix time, for people who read the log; never decides anything.
  std::function<std::uint64_t()> wall_clock_ms;
  /// Time since some moment, for leases: it must not stand still while other servers' clocks
  /// go on. None: the actor system's clock.
  std::function<std::chrono::nanoseconds()> time_passed;
  /// Called at the beginning of each core's life: what takes its recording; null: nobody. None: no
  /// core is recorded.
  std::function<std::shared_ptr<replay::record_sink>()> record_core = nullptr;
  /// While it is short this server takes no writes, and gives leadership up to one of others.
  std::shared_ptr<disk_space> space = nullptr;
};

/// Starts the actor that drives the protocol core. Requires a log writer, a storage
/// writer and a reader pool in the directory, all begun. It owns no I/O and never
/// blocks: what the core asks for becomes messages, and completions become inputs.
raft_handle start_raft_actor(caf::actor_system& system, const actor_context& context,
                             generation life, raft_settings settings);

} // namespace actors
