// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "storage/digest.hpp"
#include "storage/recorded_state.hpp"
#include "storage/snapshot_source.hpp"

/// The snapshot file of the `inmemory` backend (docs/on_disk.md): so that a server without
/// a database can catch up like any other.
namespace storage {

struct memory_row {
  base::bytes value;
  row_mark mark;
  state_digest digest;
};
using memory_rows = std::map<std::string, memory_row, std::less<>>;

struct memory_state {
  base::uuid cluster_id;
  state_meta meta;
  memory_rows rows;
};

/// Writes through `path + ".partial"`, synced, renamed. Errors: `interrupted`;
/// `storage_full`; `io`.
base::result<snapshot_report> write_memory_snapshot(const memory_state& state,
                                                    const std::string& path,
                                                    const snapshot_watch& watch);

/// Reads a file back and compares every row and their sum with the digest (INV-56).
/// Errors: `incompatible` for another format; `corrupt`; `interrupted`; `io`.
base::result<memory_state> read_memory_snapshot(const std::string& path,
                                                const snapshot_watch& watch = {});

/// Step 1 of an install: verifies `partial` and renames it to `ready`.
base::result<snapshot_report> prepare_memory_install(const std::string& partial,
                                                     const std::string& ready,
                                                     const identity& identity,
                                                     const snapshot_watch& watch = {});

} // namespace storage
