// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "actors/actor_context.hpp"
#include "actors/snapshot_transport.hpp"

namespace actors {

struct snapshot_sender_settings {
  std::shared_ptr<snapshot_transport> transport; ///< null: there are no other servers
  storage::backend backend = storage::backend::sqlite;
  std::string path; ///< of the one file that is made, kept and used again
  std::chrono::milliseconds open_timeout{10000};
  /// Between a failed try and the word of it, so that the next one does not follow at once.
  std::chrono::milliseconds failure_pause{1000};
  std::string backup_path{}; ///< of a file for an operator, while it is made; empty: none is
};

/// Starts the actor that makes snapshot files and has them sent to the peers that the raft
/// actor names, and those that operators fetch as backups. One file at a time, used again while the log goes on from it. While a copy
/// holds its read transaction and the WAL grows beyond a bound, new writes are refused until
/// the copy is done (two stores, one truth: rules 13 to 15). Blocks: detached, and so are its
/// streams, which are a fixed few. Requires a storage writer and, when it is first asked, a
/// raft actor in the directory.
snapshot_sender_handle start_snapshot_sender(caf::actor_system& system,
                                             const actor_context& context, generation life,
                                             snapshot_sender_settings settings);

} // namespace actors
