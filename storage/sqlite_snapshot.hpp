// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "storage/snapshot_source.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/types.hpp"

/// The database file as a snapshot: made, checked, put in place (two stores, one truth:
/// rules 15 and 16). A snapshot file is whole in itself: it has no WAL.
namespace storage {

/// Copies the database at `database`, live or not, to `to`: through `to + ".partial"`,
/// within one held read transaction on a read-only connection of its own, so that writes
/// meanwhile neither show in the copy nor make it start again (sqlite.org/c3ref/
/// backup_finish.html). The read transaction covers the copy alone; then the file is
/// verified, synced, renamed, its directory synced (INV-65). Any thread.
/// With `sqlite_access::undisturbed` no process may have the database open, and nothing is
/// made beside it. Errors: as `snapshot_source::write`.
base::result<snapshot_report> write_sqlite_snapshot(
    const std::string& database, const std::string& to, const snapshot_watch& watch,
    const std::string& vfs = {}, sqlite_access access = sqlite_access::read_only);

/// Step 1 of an install: verifies the received file `partial`, makes it this node's
/// (`node_local` rewritten), syncs it and renames it to `ready`. Requires: both in one
/// directory. Errors: `incompatible` when it is of another cluster; `corrupt`;
/// `interrupted`; `io`.
base::result<snapshot_report> prepare_sqlite_install(const std::string& partial,
                                                     const std::string& ready,
                                                     const identity& identity,
                                                     const log_watermark& watermark,
                                                     const snapshot_watch& watch = {});

/// Replaces everything that `file` records beside its rows: the state is that of `meta` from
/// now on, on the server of `identity`. Requires: a verified snapshot file that nobody has
/// open, and that is of no use when this fails. Durable with the file's own sync alone.
base::status rewrite_sqlite_values(const std::string& file, const identity& identity,
                                   const state_meta& meta, const log_watermark& watermark);

/// Step 3: puts the prepared file in the place of `database`. The old `-wal`, `-shm` and
/// `-journal` go first, durably: beside the new file they would corrupt it (INV-66).
/// Requires: this process has neither open; the log has recorded the pending install.
base::status swap_sqlite_file(const std::string& ready, const std::string& database);

} // namespace storage
