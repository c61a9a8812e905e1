// SPDX-License-Identifier: Apache-2.0
#include <sqlite3.h>

#include "base/check.hpp"
#include "storage/sqlite_database.hpp"
#include "storage/sqlite_error.hpp"

namespace storage {

sqlite_statement::sqlite_statement(sqlite3* connection, sqlite3_stmt* statement)
  : connection_(connection), handle_(statement) {}

void sqlite_statement::finalizer::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

sqlite_statement& sqlite_statement::bind_text(int position, std::string_view text) {
  // A null pointer would bind NULL instead of the empty text.
  const char* data = text.data() != nullptr ? text.data() : "";
  bind_code_ |=
      sqlite3_bind_text64(handle_.get(), position, data, text.size(), SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

sqlite_statement& sqlite_statement::bind_blob(int position, base::byte_view bytes) {
  const char* data = bytes.data() != nullptr ? bytes.data() : "";
  bind_code_ |= sqlite3_bind_blob64(handle_.get(), position, data, bytes.size(), SQLITE_STATIC);
  return *this;
}

sqlite_statement& sqlite_statement::bind_number(int position, std::uint64_t number) {
  BASE_CHECK(number <= INT64_MAX, "a number that SQLite cannot hold");
  bind_code_ |= sqlite3_bind_int64(handle_.get(), position, static_cast<sqlite3_int64>(number));
  return *this;
}

base::result<bool> sqlite_statement::step() {
  BASE_CHECK(bind_code_ == SQLITE_OK, "a value that cannot be bound: " + bind_error().text);
  int code = sqlite3_step(handle_.get());
  if (code == SQLITE_ROW)
    return true;
  if (code == SQLITE_DONE)
    return false;
  return base::fail(sqlite_error(connection_, code, sqlite3_sql(handle_.get())));
}

base::status sqlite_statement::run() {
  auto has_row = step();
  reset();
  if (!has_row)
    return base::fail(has_row.error());
  return {};
}

void sqlite_statement::reset() {
  if (handle_ == nullptr)
    return;
  // Its result repeats the error of `step`, which was reported there.
  sqlite3_reset(handle_.get());
  sqlite3_clear_bindings(handle_.get());
  bind_code_ = SQLITE_OK;
}

base::byte_view sqlite_statement::bytes(int column) const {
  // Text and blob through one door: for text this returns its UTF-8 bytes unchanged.
  const void* data = sqlite3_column_blob(handle_.get(), column);
  auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return data != nullptr ? base::byte_view(static_cast<const char*>(data), size)
                         : base::byte_view();
}

std::uint64_t sqlite_statement::number(int column) const {
  return static_cast<std::uint64_t>(sqlite3_column_int64(handle_.get(), column));
}

bool sqlite_statement::is_null(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_NULL;
}

bool sqlite_statement::is_text(int column) const {
  return sqlite3_column_type(handle_.get(), column) == SQLITE_TEXT;
}

base::error sqlite_statement::bind_error() const {
  return sqlite_error(connection_, bind_code_, "bind");
}

} // namespace storage
