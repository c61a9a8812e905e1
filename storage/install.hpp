// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "storage/cross_check.hpp"
#include "storage/lmdb_env.hpp"
#include "storage/log_store.hpp"
#include "storage/snapshot_source.hpp"

/// A received snapshot on its way into place, for every backend (two stores, one truth:
/// rules 16 and 17). The steps, each of which a crash may follow:
///
/// 1. `prepare_install`: the received file is verified, made this server's, synced, and gets
///    its name;
/// 2. `log_store::set_pending_install`;
/// 3. `state_machine::give_up`, its end, `swap_state_file`, and it is opened again;
/// 4. `log_store::finish_pending_install`.
namespace storage {

/// Where the files of a transfer lie: beside the state machine, so that a rename suffices.
/// Requires: for `inmemory`, `paths.state_path` names a place of its own all the same.
struct transfer_paths {
  explicit transfer_paths(const store_paths& stores);

  /// The one file that is made to be sent, kept and used again.
  std::string outgoing() const;
  /// The one file that is made for an operator, while it is made.
  std::string backup() const;
  /// What has come of the file with that id; a later try goes on with it.
  std::string incoming(const base::uuid& file) const;
  /// A prepared file, as `pending_install::file` names it.
  std::string prepared_name(const raft::entry_id& id) const;
  std::string prepared(const std::string& name) const;

  std::string directory;
  std::string extension; ///< of the state machine's file, with its dot
};

/// Removes what earlier lives left: files made to be sent or for operators, and prepared ones but for that
/// which `pending` names. What has come of snapshots stays. Errors: `io`.
base::status remove_transfer_leftovers(const transfer_paths& files,
                                       const std::optional<pending_install>& pending);

/// Removes what has come of every file but one. Errors: `io`.
base::status remove_other_incoming(const transfer_paths& files, const base::uuid& kept);

/// Step 1. Verifies `partial` whole and renames it to `ready`, both in one directory.
/// `watermark` is what the state machine then knows of this server's log: it must not be
/// ahead of it. Any thread. Errors: `incompatible` when it is of another cluster or
/// backend; `corrupt`; `interrupted`; `io`.
base::result<snapshot_report> prepare_install(const store_paths& stores, const std::string& partial,
                                              const std::string& ready, const identity& identity,
                                              const log_watermark& watermark,
                                              std::uint64_t map_bytes,
                                              const snapshot_watch& watch = {});

/// Step 3: the prepared file takes the state machine's place; what belonged to the old one
/// (`-wal`, `-shm`, `-lock`) goes first (INV-66). Requires: this process has neither open;
/// the log has recorded the pending install. Errors: `io`, `sync_failed`.
base::status swap_state_file(const store_paths& stores, const std::string& ready);

/// What the gate found to be done about a pending install, before the state machine is
/// opened (rule 17). Requires: `step` is from a check of these stores; nobody has the state
/// machine open.
base::status resume_install(const store_paths& stores, install_step step, log_store& log);

} // namespace storage
