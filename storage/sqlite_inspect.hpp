// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "storage/state_inspection.hpp"

namespace storage {

/// Which files an inspection reads.
enum class wal_view {
  with_wal, ///< the database as the node would find it
  /// The same without a lock and without making a `-wal` or `-shm` beside the file. Requires:
  /// no process has the database open.
  with_wal_undisturbed,
  main_file_only, ///< the database file as if it had no WAL (two stores, one truth: rule 12)
};

/// Opens `state-machine.db`, or a snapshot file, read-only. Requires: nobody has it open
/// for writing. It never checkpoints; with a WAL it may create the empty `-wal` and the
/// `-shm` beside the file, as every reader of SQLite does (sqlite.org/wal.html, 5).
/// Errors: `not_found`; `incompatible` for a foreign application id or another schema
/// version, naming both; `corrupt` for a file that is no database or lacks a table or a
/// value; `busy`; `io`.
base::result<std::unique_ptr<state_inspection>> inspect_sqlite(const std::string& path,
                                                               wal_view view = wal_view::with_wal);

/// Moves `path`-wal to `path`-wal.aside and removes `path`-shm, durably, so that the next
/// open starts from the database file alone. Requires: nobody has the database open; its
/// rows were verified with `main_file_only`. A WAL set aside earlier is replaced. Nothing
/// happens when there is no WAL.
base::status set_wal_aside(const std::string& path);

} // namespace storage
