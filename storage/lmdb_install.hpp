// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "storage/lmdb_env.hpp"
#include "storage/snapshot_source.hpp"

/// A received file of the `lmdb` backend on its way into place (two stores, one truth: rule 16).
namespace storage {

/// Step 1, as `prepare_sqlite_install`; the structure is walked before LMDB opens the file,
/// which a damaged one could end the process with.
base::result<snapshot_report> prepare_lmdb_install(
    const std::string& partial, const std::string& ready, const identity& identity,
    const log_watermark& watermark, std::uint64_t map_bytes, const snapshot_watch& watch = {});

/// As `rewrite_sqlite_values`.
base::status rewrite_lmdb_values(const std::string& file, std::uint64_t map_bytes,
                                 const identity& identity, const state_meta& meta,
                                 const log_watermark& watermark);

/// Step 3. Requires: this process has neither open; the log has recorded the pending install.
base::status swap_lmdb_file(const std::string& ready, const std::string& file);

} // namespace storage
