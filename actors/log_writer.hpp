// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "actors/actor_context.hpp"
#include "actors/disk_space.hpp"
#include "base/limits.hpp"
#include "storage/log_store.hpp"

namespace actors {

struct log_writer_settings {
  /// Opens the log store; called once, on the actor's thread, when it is told to begin.
  std::function<base::result<std::unique_ptr<storage::log_store>>()> open;
  std::uint64_t entries_kept = base::limits::log_entries_kept_min;
  std::uint64_t bytes_kept = base::limits::log_bytes_kept_max;
  /// Null: a full disk is waited out, and nothing is kept back for it.
  std::shared_ptr<disk_space> space = nullptr;
};

/// Starts the only owner of the log store: one transaction and one sync a `persist`.
/// A full disk is waited out; any other failure ends the actor. The store is closed
/// before anybody hears that the actor ended.
log_writer_handle start_log_writer(caf::actor_system& system, const actor_context& context,
                                   generation life, log_writer_settings settings);

} // namespace actors
