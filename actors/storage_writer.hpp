// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "actors/actor_context.hpp"
#include "actors/disk_space.hpp"
#include "storage/state_machine.hpp"

namespace actors {

struct storage_writer_settings {
  /// Opens the state machine; called once, on the actor's thread, when it is told to begin.
  std::function<base::result<std::unique_ptr<storage::state_machine>>()> open;
  /// Whether every row was compared with the digest before it was opened; asked once, after.
  std::function<bool()> was_verified;
  /// From this size of the WAL file on, a line warns (the guide's threshold).
  std::uint64_t wal_warning_bytes = 0;
  /// Puts the prepared snapshot file of that name in the place of the state machine, which
  /// was closed, and opens it (two stores, one truth: rule 16, step 3). Empty: never asked.
  std::function<base::result<std::unique_ptr<storage::state_machine>>(const std::string& file)>
      install = nullptr;
  /// Null: a full disk is waited out, and nothing is kept back for it.
  std::shared_ptr<disk_space> space = nullptr;
};

/// Starts the only writer and only checkpointer of the state machine. Requires a log
/// writer in the directory. A full disk or a foreign lock is waited out; any other
/// failure ends the actor. The database is closed before anybody hears that it ended.
storage_writer_handle start_storage_writer(caf::actor_system& system, const actor_context& context,
                                           generation life, storage_writer_settings settings);

} // namespace actors
