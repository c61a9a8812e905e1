// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "storage/recorded_state.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/state_machine.hpp"

/// The tables of `state-machine.db` (docs/on_disk.md) and the file as a whole.
namespace storage {

/// "Aspn": marks the file as ours (`PRAGMA application_id`, bytes 68–71).
inline constexpr std::uint32_t sqlite_application_id = 0x4173706e;
/// `PRAGMA user_version`: the schema this program reads and writes, and no other.
inline constexpr std::uint32_t sqlite_schema_version = 1;

/// Looks at application id and schema version before anything else is (INV-64).
/// Errors: `incompatible`, naming what was found and what is accepted; `corrupt` for a
/// file that is no database; `busy`; `io`.
base::status check_format(sqlite_database& database);

/// Whether our tables are exactly as `create_sqlite_state` makes them, without an index or a
/// trigger of somebody else: SQLite obeys what the schema says, whatever a damaged or forged
/// one says. Other tables are nobody's business. Errors: `corrupt`, naming the object.
base::status check_schema(sqlite_database& database);

/// Errors: `corrupt`, naming the table or value; a broken seal is not looked at here.
base::result<recorded_state> read_recorded_state(sqlite_database& database);

/// Replaces every value of `table` that differs. Requires: a write transaction is open.
base::status write_values(sqlite_database& database, const std::string& table,
                          const value_table& values);

/// The files SQLite keeps beside a database in WAL mode.
std::string wal_path(const std::string& path);
std::string shm_path(const std::string& path);

/// Makes a database that holds no row: under a temporary name, committed, closed, synced,
/// renamed, directory synced (two stores, one truth: rule 4). Mode 0600. Requires: there
/// is no file at `path`. Errors: `invalid` when there is one; `storage_full`; `io`.
base::status create_sqlite_state(const std::string& path, const identity& identity,
                                 const state_meta& meta, const std::string& vfs = {});

} // namespace storage
