// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_reader.hpp"

#include "base/check.hpp"
#include "storage/digest.hpp"
#include "storage/state_codec.hpp"

namespace storage {

namespace {

base::error damaged(std::string_view key) {
  return {base::errc::corrupt,
          "INV-56: a row does not match its digest: " + std::string(key.substr(0, 100))};
}

/// Columns: marks and digest from `first` on, then the value.
base::result<row> read_row(const sqlite_statement& statement, std::string_view key, int first) {
  row_mark mark{revision{statement.number(first)}, revision{statement.number(first + 1)},
                statement.number(first + 2)};
  auto digest = digest_from_bytes(statement.bytes(first + 3));
  auto value = statement.bytes(first + 4);
  if (!digest || *digest != row_digest(key, mark, value))
    return base::fail(damaged(key));
  return row{std::string(key), base::bytes(value), mark.create_revision, mark.mod_revision,
             mark.version};
}

base::result<raft::log_index> index_from(std::string_view last_applied) {
  auto id = last_applied_from(last_applied);
  if (!id)
    return base::fail(base::errc::corrupt,
                      "last_applied_log cannot be read: " + std::string(last_applied));
  return id->index;
}

std::size_t shape_of(const key_range& range, bool keys_only) {
  return (range.low_is_excluded ? 1u : 0u) + (range.high ? 2u : 0u) + (keys_only ? 4u : 0u);
}

} // namespace

base::result<std::unique_ptr<state_reader>> sqlite_reader::open(
    const std::string& path, const sqlite_open_options& options) {
  BASE_CHECK(options.access == sqlite_access::read_only, "INV-57: a reader that could write");
  auto database = sqlite_database::open(path, options);
  if (!database)
    return base::fail(database.error());
  std::unique_ptr<sqlite_reader> reader(new sqlite_reader(std::move(*database)));
  if (auto done = reader->prepare_statements(); !done)
    return base::fail(done.error().within("open a reader of " + path));
  return std::unique_ptr<state_reader>(std::move(reader));
}

base::status sqlite_reader::prepare_statements() {
  // One statement, so that both values come from one snapshot without a BEGIN.
  auto get = database_.prepare(
      "SELECT m.value, k.create_revision, k.mod_revision, k.version, k.digest, k.value"
      " FROM state_machine_meta AS m LEFT JOIN state_machine_kv AS k ON k.key = ?1"
      " WHERE m.key = 'last_applied_log'");
  if (!get)
    return base::fail(get.error());
  auto last_applied =
      database_.prepare("SELECT value FROM state_machine_meta WHERE key = 'last_applied_log'");
  if (!last_applied)
    return base::fail(last_applied.error());
  get_ = std::move(*get);
  last_applied_ = std::move(*last_applied);
  return {};
}

base::result<get_result> sqlite_reader::get(std::string_view key) {
  sqlite_run run(get_);
  run->bind_text(1, key);
  auto has_row = run->step();
  if (!has_row)
    return base::fail(has_row.error().within("get"));
  if (!*has_row)
    return base::fail(base::errc::corrupt, "last_applied_log is missing");
  auto at = index_from(run->bytes(0));
  if (!at)
    return base::fail(at.error());
  get_result result{std::nullopt, *at};
  if (run->is_null(4))
    return result;
  auto found = read_row(get_, key, 1);
  if (!found)
    return base::fail(found.error());
  result.found = std::move(*found);
  return result;
}

base::result<std::vector<get_result>> sqlite_reader::get_many(
    const std::vector<std::string>& keys) {
  is_interrupted_ = false;
  auto transaction = sqlite_transaction::begin_read(database_);
  if (!transaction)
    return base::fail(transaction.error());
  auto results = get_each(keys);
  if (!results)
    return results;
  if (auto ended = transaction->commit(); !ended)
    return base::fail(ended.error());
  return results;
}

base::result<std::vector<get_result>> sqlite_reader::get_each(
    const std::vector<std::string>& keys) {
  std::vector<get_result> results;
  results.reserve(keys.size());
  for (const auto& key : keys) {
    // SQLite itself forgets an interrupt that comes between two statements.
    if (is_interrupted_)
      return base::fail(base::errc::interrupted, "get: interrupted");
    auto result = get(key);
    if (!result)
      return base::fail(result.error());
    results.push_back(std::move(*result));
  }
  return results;
}

base::result<scan_page> sqlite_reader::scan(const scan_request& request) {
  is_interrupted_ = false;
  if (request.reads_file_anew)
    database_.forget_pages();
  auto range = range_of(request);
  auto transaction = sqlite_transaction::begin_read(database_);
  if (!transaction)
    return base::fail(transaction.error());
  auto at = last_applied();
  if (!at)
    return base::fail(at.error());
  scan_page page;
  page.at = *at;
  if (!range.is_empty()) {
    auto statement = scan_statement(range, request.keys_only);
    if (!statement)
      return base::fail(statement.error());
    sqlite_run run(**statement);
    run->bind_text(1, range.low);
    if (range.high)
      run->bind_text(2, *range.high);
    if (auto done = read_page(**statement, request, page); !done)
      return base::fail(done.error().within("scan"));
  }
  if (auto ended = transaction->commit(); !ended)
    return base::fail(ended.error());
  return page;
}

base::result<sqlite_statement*> sqlite_reader::scan_statement(const key_range& range,
                                                              bool keys_only) {
  auto& statement = scans_[shape_of(range, keys_only)];
  if (statement.is_prepared())
    return &statement;
  std::string sql = "SELECT key, create_revision, mod_revision, version";
  sql += keys_only ? "" : ", digest, value";
  sql += " FROM state_machine_kv WHERE key ";
  sql += range.low_is_excluded ? "> ?1" : ">= ?1";
  sql += range.high ? " AND key < ?2" : "";
  auto prepared = database_.prepare(sql + " ORDER BY key");
  if (!prepared)
    return base::fail(prepared.error());
  statement = std::move(*prepared);
  return &statement;
}

base::status sqlite_reader::read_page(sqlite_statement& statement, const scan_request& request,
                                      scan_page& page) {
  page_filler filler(request, page);
  for (;;) {
    if (is_interrupted_)
      return base::fail(base::errc::interrupted, "interrupted");
    auto has_row = statement.step();
    if (!has_row)
      return base::fail(has_row.error());
    if (!*has_row)
      return {};
    auto key = statement.bytes(0);
    auto value_bytes = request.keys_only ? 0 : statement.bytes(5).size();
    if (!filler.has_room(key.size() + value_bytes))
      return {};
    auto next = request.keys_only ? base::result<row>(row{std::string(key),
                                                          {},
                                                          revision{statement.number(1)},
                                                          revision{statement.number(2)},
                                                          statement.number(3)})
                                  : read_row(statement, key, 1);
    if (!next)
      return base::fail(next.error());
    filler.take(std::move(*next));
  }
}

base::result<raft::log_index> sqlite_reader::last_applied() {
  sqlite_run run(last_applied_);
  auto has_row = run->step();
  if (!has_row)
    return base::fail(has_row.error());
  return index_from(*has_row ? run->bytes(0) : base::byte_view());
}

void sqlite_reader::interrupt() {
  is_interrupted_ = true;
  database_.interrupt();
}

} // namespace storage
