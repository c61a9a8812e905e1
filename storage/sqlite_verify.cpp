// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_verify.hpp"

#include <sqlite3.h>

#include "base/hash.hpp"
#include "storage/digest.hpp"
#include "storage/sqlite_schema.hpp"

namespace storage {

namespace {

constexpr std::uint64_t rows_between_questions = 4096;
constexpr std::size_t complaint_bytes_max = 1000;

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

/// Has SQLite ask within a long statement; a no interrupts it.
class progress_questions {
public:
  progress_questions(sqlite_database& database, const std::function<bool()>& keep_going)
    : database_(database), keep_going_(keep_going) {
    constexpr int instructions_between_questions = 100000;
    sqlite3_progress_handler(database.handle(), instructions_between_questions, &ask, this);
  }
  ~progress_questions() { sqlite3_progress_handler(database_.handle(), 0, nullptr, nullptr); }
  progress_questions(const progress_questions&) = delete;
  progress_questions& operator=(const progress_questions&) = delete;

private:
  static int ask(void* self) {
    return static_cast<progress_questions*>(self)->keep_going_() ? 0 : 1;
  }

  sqlite_database& database_;
  const std::function<bool()>& keep_going_;
};

} // namespace

void key_sum::add_key(std::string_view key, std::uint64_t rowid) {
  auto hash = base::hash_of(key, rowid);
  ++rows;
  sum.high += hash.high;
  sum.low += hash.low;
}

base::result<std::optional<table_sums>> sum_table(sqlite_database& database,
                                                  const std::function<bool()>& keep_going) {
  table_sums sums;
  auto read =
      for_each_row(database,
                   "SELECT rowid, key, create_revision, mod_revision, version, digest, value"
                   " FROM state_machine_kv NOT INDEXED",
                   keep_going, [&](const sqlite_statement& row) { return take_row(row, sums); });
  if (!read)
    return base::fail(read.error().within("verify rows"));
  return *read ? std::optional(sums) : std::nullopt;
}

base::result<std::optional<key_sum>> sum_key_index(sqlite_database& database,
                                                   const std::function<bool()>& keep_going) {
  key_sum sum;
  std::string last;
  auto read = for_each_row(
      database,
      "SELECT key, rowid FROM state_machine_kv INDEXED BY sqlite_autoindex_state_machine_kv_1"
      " ORDER BY key",
      keep_going, [&](const sqlite_statement& row) -> base::status {
        auto key = row.bytes(0);
        if (!row.is_text(0) || (sum.rows > 0 && key <= last))
          return base::fail(base::errc::corrupt, "INV-56: the key index is not in order at "
                                                     + std::string(key.substr(0, 100)));
        last = key;
        sum.add_key(key, row.number(1));
        return {};
      });
  if (!read)
    return base::fail(read.error().within("verify the key index"));
  return *read ? std::optional(sum) : std::nullopt;
}

base::status compare_sums(const table_sums& table, const key_sum& index, const state_meta& meta) {
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

base::result<std::optional<verified_rows>> verify_sqlite_rows(
    sqlite_database& database, const std::function<bool()>& keep_going) {
  auto transaction = sqlite_transaction::begin_read(database);
  if (!transaction)
    return base::fail(transaction.error());
  auto recorded = read_recorded_state(database);
  if (!recorded)
    return base::fail(recorded.error());
  const auto& meta = recorded->replicated.meta;
  auto table = sum_table(database, keep_going);
  if (!table)
    return base::fail(table.error());
  auto index = *table ? sum_key_index(database, keep_going) : std::optional<key_sum>{};
  if (!index)
    return base::fail(index.error());
  if (!*index)
    return std::nullopt;
  if (auto equal = compare_sums(**table, **index, meta); !equal)
    return base::fail(equal.error());
  return verified_rows{meta, (*table)->keys.rows};
}

base::result<std::vector<inspected_row>> read_sqlite_rows(sqlite_database& database,
                                                          const std::optional<std::string>& after,
                                                          std::size_t bytes_max) {
  auto statement = database.prepare(
      std::string("SELECT key, create_revision, mod_revision, version, digest, value"
                  " FROM state_machine_kv ")
      + (after ? "WHERE key > ?1 " : "") + "ORDER BY key");
  if (!statement)
    return base::fail(statement.error());
  if (after)
    statement->bind_text(1, *after);
  std::vector<inspected_row> rows;
  for (std::size_t bytes = 0; rows.empty() || bytes < bytes_max;) {
    auto has_row = statement->step();
    if (!has_row)
      return base::fail(has_row.error().within("read rows"));
    if (!*has_row)
      break;
    rows.push_back(inspect_row(
        statement->bytes(0),
        {revision{statement->number(1)}, revision{statement->number(2)}, statement->number(3)},
        digest_from_bytes(statement->bytes(4)), statement->bytes(5)));
    bytes += rows.back().row.key.size() + rows.back().row.value.size();
  }
  return rows;
}

base::status check_sqlite_structure(sqlite_database& database,
                                    const std::function<bool()>& keep_going) {
  progress_questions asking(database, keep_going);
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
    return check_schema(database);
  return base::fail(base::errc::corrupt,
                    "integrity_check failed: " + answer.substr(0, complaint_bytes_max));
}

} // namespace storage
