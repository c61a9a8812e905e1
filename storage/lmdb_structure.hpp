// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace storage {

/// What a walk over the pages of a closed LMDB file found.
struct lmdb_structure {
  std::uint64_t file_bytes = 0;
  std::uint64_t pages_used = 0;
  std::uint64_t pages_free = 0;
  std::vector<std::string> faults; ///< the first few; empty: LMDB may open the file
  /// The item that was asked for, as the tree of the older of both meta pages has it. LMDB
  /// never writes over pages of the last two transactions, so that it can be read in every
  /// healthy file; nothing where it cannot, or was not there yet.
  std::optional<base::bytes> older_item;
};

struct lmdb_item_name {
  std::string table;
  std::string key;
};

/// Reads the whole file with plain reads, then walks its trees: every page in its place,
/// reached once and not listed as free, within the file and the map, keys and the separators
/// of branches in order, counts and flags as they must be. LMDB itself checks none of this, and ends the process with SIGSEGV
/// or SIGBUS where it meets it; this does neither. The counterpart of SQLite's
/// `quick_check`, for the page format of LMDB 0.9 (data version 1).
///
/// Requires: nobody writes to the file; this process does not have it open.
/// Errors: `not_found`; `resource`; `io` when the device cannot deliver a page;
/// `incompatible` for another data version.
base::result<lmdb_structure> check_lmdb_structure(
    const std::string& path, const std::optional<lmdb_item_name>& wanted = std::nullopt);

} // namespace storage
