// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/hash.hpp"
#include "base/result.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/state_inspection.hpp"
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

/// Order-independent sum over (key, rowid): equal for the table and for its key index when
/// both name the same rows.
struct key_sum {
  std::uint64_t rows = 0;
  base::hash128 sum;

  void add_key(std::string_view key, std::uint64_t rowid);
  friend bool operator==(const key_sum&, const key_sum&) = default;
};
struct table_sums {
  state_digest rows;
  key_sum keys;
};

// The parts of the above, for who runs them side by side. Each asks `keep_going`, returns
// nothing when it says no, and has the errors above.

/// Every row against its own digest.
base::result<std::optional<table_sums>> sum_table(sqlite_database& database,
                                                  const std::function<bool()>& keep_going);
base::result<std::optional<key_sum>> sum_key_index(sqlite_database& database,
                                                   const std::function<bool()>& keep_going);
base::status compare_sums(const table_sums& table, const key_sum& index, const state_meta& meta);

/// Rows in the order of the key index, as `state_inspection::rows_after`.
base::result<std::vector<inspected_row>> read_sqlite_rows(sqlite_database& database,
                                                          const std::optional<std::string>& after,
                                                          std::size_t bytes_max);

/// `PRAGMA quick_check`. Errors: `corrupt` with the first complaints; `interrupted` when
/// `keep_going`, asked again and again, said no.
base::status check_sqlite_structure(
    sqlite_database& database, const std::function<bool()>& keep_going = [] { return true; });

} // namespace storage
