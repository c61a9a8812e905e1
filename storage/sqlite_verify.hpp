// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "base/result.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/state_machine.hpp"

namespace storage {

/// What a verification found, all of one read snapshot.
struct verified_rows {
  state_meta meta;
  std::uint64_t rows = 0;
};

/// Recomputes the digest of every row, compares it with the row's and their sum with the
/// recorded one, and checks that the key index names the same rows: SQLite's own checks
/// see none of these (INV-56). Asks `keep_going` every few thousand rows; nothing when it
/// says no. Holds one read transaction, which keeps the WAL from being reused.
/// Errors: `corrupt`, naming the first key or both sums; `interrupted`; `io`.
base::result<std::optional<verified_rows>> verify_sqlite_rows(
    sqlite_database& database, const std::function<bool()>& keep_going);

/// `PRAGMA quick_check`. Errors: `corrupt` with the first complaints.
base::status check_sqlite_structure(sqlite_database& database);

} // namespace storage
