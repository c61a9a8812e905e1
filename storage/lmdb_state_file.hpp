// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "storage/lmdb_env.hpp"
#include "storage/recorded_state.hpp"
#include "storage/state_machine.hpp"

/// The tables of `state-machine.lmdb` (docs/on_disk.md) and the file as a whole.
namespace storage {

struct lmdb_state_tables {
  lmdb_table format;
  lmdb_table rows;
  lmdb_table meta;
  lmdb_table local;
};

/// Opens the tables. To be called once an environment: LMDB allows no other transaction
/// meanwhile. Errors: `incompatible` for another file or version; `corrupt`.
base::result<lmdb_state_tables> open_state_tables(lmdb_environment& environment);

/// Errors: `corrupt`, naming the table or value; a broken seal is not looked at here.
base::result<recorded_state> read_recorded_state(lmdb_transaction& transaction,
                                                 const lmdb_state_tables& tables);

base::status write_values(lmdb_transaction& transaction, lmdb_table table,
                          const value_table& values);

/// Recomputes all digests within `transaction`, as `verify_sqlite_rows` does.
base::result<std::optional<snapshot_report>> verify_lmdb_rows(
    lmdb_transaction& transaction, const lmdb_state_tables& tables,
    const std::function<bool()>& keep_going);

/// Makes a file that holds no row: under a temporary name, committed, closed, renamed,
/// directory synced. Errors: `invalid` when there is a file; `storage_full`; `io`.
base::status create_lmdb_state(const std::string& path, std::uint64_t map_bytes,
                               const identity& identity, const state_meta& meta);

/// Copies what `from` sees into a new file at `to`, as `write_sqlite_snapshot` does.
base::result<snapshot_report> write_lmdb_snapshot(lmdb_transaction& from,
                                                  const lmdb_state_tables& tables,
                                                  const std::string& to, std::uint64_t map_bytes,
                                                  const snapshot_watch& watch = {});

} // namespace storage
