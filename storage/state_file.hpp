// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "storage/cross_check.hpp"
#include "storage/snapshot_source.hpp"
#include "storage/state_inspection.hpp"

/// A state machine's file by itself, of whatever backend: a snapshot file, a backup, or that of a node. For the
/// tools; the node has its state machine.
namespace storage {

/// The backend whose file that is, by its first bytes; nothing for any other file.
/// Requires: this process does not have it open.
std::optional<backend> backend_of_file(const std::string& path);

/// Checks a snapshot file whole, as `check_sqlite_file`. Requires: nobody writes it.
base::result<snapshot_report> check_state_file(backend kind, const std::string& path,
                                               const std::function<bool()>& keep_going);

/// What a snapshot file records beside its rows. Nothing is made beside it.
base::result<state_facts> read_state_facts(backend kind, const std::string& path);

enum class file_use {
  stopped, ///< no process has it open, nor opens it meanwhile; nothing is made beside it
  running, ///< a node writes it (`sqlite` alone)
};
/// Copies the state machine of `from` to `to`, through `to + ".partial"`, verified and durable, as
/// `snapshot_source::write`. Errors: as there; `unsupported` for a running node's file of another backend.
base::result<snapshot_report> copy_state_file(const store_paths& from, file_use use,
                                              const std::string& to, const snapshot_watch& watch);

/// As `rewrite_sqlite_values`.
base::status rewrite_values(backend kind, const std::string& file, const identity& identity,
                            const state_meta& meta, const log_watermark& watermark);

} // namespace storage
