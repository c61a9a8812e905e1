// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_verify.hpp"

#include "base/hash.hpp"
#include "storage/digest.hpp"
#include "storage/sqlite_schema.hpp"

namespace storage {

namespace {

constexpr std::uint64_t rows_between_questions = 4096;
constexpr std::size_t complaint_bytes_max = 1000;

/// Order-independent sum over (key, rowid): equal for the table and for its index when
/// both name the same rows.
struct key_sum {
  std::uint64_t rows = 0;
  base::hash128 sum;

  void add_key(std::string_view key, std::uint64_t rowid) {
    auto hash = base::hash_of(key, rowid);
    ++rows;
    sum.high += hash.high;
    sum.low += hash.low;
  }
  friend bool operator==(const key_sum&, const key_sum&) = default;
};

struct table_sums {
  state_digest rows;
  key_sum keys;
};

/// Runs `sql` and hands each row to `take`, until `keep_going` says no (then false).
template <class Take>
base::result<bool> for_each_row(sqlite_database& database, const char* sql,
                                const std::function<bool()>& keep_going, Take take) {
  auto statement = database.prepare(sql);
  if (!statement)
    return base::fail(statement.error());
  for (std::uint64_t count = 0;; ++count) {
    if (count % rows_between_questions == 0 && !keep_going())
      return false;
    auto has_row = statement->step();
    if (!has_row)
      return base::fail(has_row.error());
    if (!*has_row)
      return true;
    if (auto taken = take(*statement); !taken)
      return base::fail(taken.error());
  }
}

base::status take_row(const sqlite_statement& row, table_sums& sums) {
  auto key = row.bytes(1);
  row_mark mark{revision{row.number(2)}, revision{row.number(3)}, row.number(4)};
  auto stored = digest_from_bytes(row.bytes(5));
  auto computed = row_digest(key, mark, row.bytes(6));
  if (!stored || *stored != computed)
    return base::fail(base::errc::corrupt, "INV-56: a row does not match its digest: "
                                               + std::string(key.substr(0, 100)));
  add(sums.rows, computed);
  sums.keys.add_key(key, row.number(0));
  return {};
}

base::status compare(const table_sums& table, const key_sum& index, const state_meta& meta) {
  if (table.keys != index)
    return base::fail(base::errc::corrupt, "INV-56: the key index does not name the rows of the"
                                           " table ("
                                               + std::to_string(index.rows) + " keys, "
                                               + std::to_string(table.keys.rows) + " rows)");
  if (table.rows != meta.digest)
    return base::fail(base::errc::corrupt, "INV-56: the digest of all rows is " + to_hex(table.rows)
                                               + ", the recorded one is " + to_hex(meta.digest));
  return {};
}

} // namespace

base::result<std::optional<verified_rows>> verify_sqlite_rows(
    sqlite_database& database, const std::function<bool()>& keep_going) {
  auto transaction = sqlite_transaction::begin_read(database);
  if (!transaction)
    return base::fail(transaction.error());
  auto recorded = read_recorded_state(database);
  if (!recorded)
    return base::fail(recorded.error());
  const auto& meta = recorded->replicated.meta;
  table_sums table;
  auto read_table =
      for_each_row(database,
                   "SELECT rowid, key, create_revision, mod_revision, version, digest, value"
                   " FROM state_machine_kv NOT INDEXED",
                   keep_going, [&](const sqlite_statement& row) { return take_row(row, table); });
  if (!read_table)
    return base::fail(read_table.error().within("verify rows"));
  key_sum index;
  auto read_index =
      !*read_table ? read_table
                   : for_each_row(database, "SELECT key, rowid FROM state_machine_kv ORDER BY key",
                                  keep_going, [&](const sqlite_statement& row) {
                                    index.add_key(row.bytes(0), row.number(1));
                                    return base::status{};
                                  });
  if (!read_index)
    return base::fail(read_index.error().within("verify the key index"));
  if (!*read_index)
    return std::nullopt;
  if (auto equal = compare(table, index, meta); !equal)
    return base::fail(equal.error());
  return verified_rows{meta, table.keys.rows};
}

base::status check_sqlite_structure(sqlite_database& database) {
  auto statement = database.prepare("PRAGMA quick_check(10)");
  if (!statement)
    return base::fail(statement.error());
  std::string answer;
  for (;;) {
    auto has_row = statement->step();
    if (!has_row)
      return base::fail(has_row.error().within("quick_check"));
    if (!*has_row)
      break;
    answer += (answer.empty() ? "" : "; ") + std::string(statement->bytes(0));
  }
  // The whole answer: a complaint may hold these two letters too.
  if (answer == "ok")
    return {};
  return base::fail(base::errc::corrupt,
                    "integrity_check failed: " + answer.substr(0, complaint_bytes_max));
}

} // namespace storage
