// SPDX-License-Identifier: Apache-2.0
#include "bench/bare_sqlite.hpp"

#include <sqlite3.h>

#include <stdexcept>

#include "base/limits.hpp"

namespace bench {

namespace {

constexpr std::size_t page_bytes = 4096;

void check(sqlite3* connection, int code, int expected = SQLITE_OK) {
  if (code != expected)
    throw std::runtime_error(std::string("bare SQLite: ") + sqlite3_errmsg(connection));
}

sqlite_connection open(const std::filesystem::path& path, int flags) {
  sqlite3* handle = nullptr;
  int code = sqlite3_open_v2(path.c_str(), &handle, flags | SQLITE_OPEN_NOMUTEX, nullptr);
  sqlite_connection connection(handle);
  check(handle, code);
  return connection;
}

void execute(const sqlite_connection& connection, const std::string& sql) {
  check(connection.get(), sqlite3_exec(connection.get(), sql.c_str(), nullptr, nullptr, nullptr));
}

prepared_statement prepare(const sqlite_connection& connection, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  check(connection.get(), sqlite3_prepare_v3(connection.get(), sql, -1, SQLITE_PREPARE_PERSISTENT,
                                             &statement, nullptr));
  return prepared_statement(statement);
}

void run(sqlite3* connection, const prepared_statement& statement) {
  check(connection, sqlite3_step(statement.get()), SQLITE_DONE);
  check(connection, sqlite3_reset(statement.get()));
}

void bind(sqlite3* connection, const prepared_statement& statement, int position,
          std::string_view text) {
  check(connection, sqlite3_bind_text(statement.get(), position, text.data(),
                                      static_cast<int>(text.size()), SQLITE_STATIC));
}

std::string cache_pragma(std::size_t bytes) {
  return "PRAGMA cache_size=-" + std::to_string(bytes / 1024);
}

} // namespace

void sqlite_closer::operator()(sqlite3* connection) const {
  sqlite3_close(connection);
}
void sqlite_closer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

bare_table::bare_table(const std::filesystem::path& path)
  : connection_(open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE)) {
  execute(connection_, "PRAGMA journal_mode=WAL");
  execute(connection_, "PRAGMA synchronous=FULL");
  execute(connection_, "PRAGMA secure_delete=FAST");
  execute(connection_, cache_pragma(16 * base::limits::mebibyte));
  execute(connection_,
          "PRAGMA wal_autocheckpoint="
              + std::to_string(base::limits::wal_passive_checkpoint_bytes / page_bytes));
  execute(connection_, "CREATE TABLE kv(key TEXT PRIMARY KEY NOT NULL, value BLOB NOT NULL)");
  begin_ = prepare(connection_, "BEGIN IMMEDIATE");
  commit_ = prepare(connection_, "COMMIT");
  upsert_ = prepare(connection_, "INSERT INTO kv(key, value) VALUES(?1, ?2)"
                                 " ON CONFLICT(key) DO UPDATE SET value = excluded.value");
}

void bare_table::upsert(const std::vector<std::pair<std::string, std::string>>& rows) {
  run(connection_.get(), begin_);
  for (const auto& [key, value] : rows) {
    bind(connection_.get(), upsert_, 1, key);
    check(connection_.get(), sqlite3_bind_blob(upsert_.get(), 2, value.data(),
                                               static_cast<int>(value.size()), SQLITE_STATIC));
    run(connection_.get(), upsert_);
  }
  run(connection_.get(), commit_);
}

bare_reader::bare_reader(const std::filesystem::path& path)
  : connection_(open(path, SQLITE_OPEN_READONLY)) {
  execute(connection_, cache_pragma(2 * base::limits::mebibyte));
  get_ = prepare(connection_, "SELECT value FROM state_machine_kv WHERE key = ?1");
}

std::size_t bare_reader::read(std::string_view key) {
  bind(connection_.get(), get_, 1, key);
  check(connection_.get(), sqlite3_step(get_.get()), SQLITE_ROW);
  // The bytes are copied out, as any caller must before the statement is reset.
  std::string value(static_cast<const char*>(sqlite3_column_blob(get_.get(), 0)),
                    static_cast<std::size_t>(sqlite3_column_bytes(get_.get(), 0)));
  check(connection_.get(), sqlite3_reset(get_.get()));
  return value.size();
}

} // namespace bench
