// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "storage/cross_check.hpp"
#include "storage/lmdb_log_reader.hpp"
#include "storage/state_inspection.hpp"

namespace debug_storage {

/// What the operator named. A place that is left out follows from the directory.
struct selection {
  std::string where; ///< a data directory, or the one file that is asked for
  std::string log;   ///< raft-log.lmdb, where it lies elsewhere
  std::string state; ///< state-machine.db or state-machine.lmdb, where it lies elsewhere
};

/// Both stores of a data directory. Errors: `invalid` when nothing is named; `not_found` for no directory.
base::result<storage::store_paths> stores_of(const selection& what);
/// The log alone: a directory's, or the file itself. Errors: `invalid`; `not_found`.
base::result<std::string> log_of(const selection& what);
/// The state machine alone, likewise; the backend follows from what the file is.
base::result<storage::store_paths> state_of(const selection& what);

/// Opens a closed log, or a copy, and walks it. Errors: `locked` when a process has it open;
/// `not_found`; `corrupt`; `incompatible`; `io`.
base::result<std::unique_ptr<storage::lmdb_log_reader>> open_log(const std::string& path,
                                                                 storage::log_verification how);

/// Opens a state machine or snapshot file read-only. Nothing is made beside it: where a process has a
/// SQLite database open, its files are there and its locks are kept; else none are needed.
base::result<std::unique_ptr<storage::state_inspection>> open_state(
    const storage::store_paths& stores);

/// Whether a process has the SQLite database of these stores open.
bool is_state_in_use(const storage::store_paths& stores);

} // namespace debug_storage
