// SPDX-License-Identifier: Apache-2.0
#include "storage/sqlite_database.hpp"

#include <array>
#include <cerrno>
#include <utility>

#include <sqlite3.h>
#include <sys/stat.h>

#include "base/check.hpp"
#include "base/hash.hpp"
#include "base/log.hpp"
#include "storage/sqlite_error.hpp"

namespace storage {

namespace {

/// `path` as a URI that opens the file as immutable, which ignores `-wal` and takes no
/// locks (sqlite.org/uri.html, 3.3).
std::string immutable_uri(const std::string& path) {
  constexpr std::string_view plain = "/-_.~";
  std::string uri = "file:";
  for (char byte : path) {
    auto octet = static_cast<unsigned char>(byte);
    bool is_alphanumeric = (octet >= '0' && octet <= '9') || (octet >= 'a' && octet <= 'z')
                           || (octet >= 'A' && octet <= 'Z');
    if (is_alphanumeric || plain.find(byte) != plain.npos)
      uri.push_back(byte);
    else
      uri += "%" + base::to_hex(base::byte_view(&byte, 1));
  }
  return uri + "?immutable=1";
}

int open_flags(sqlite_access access) {
  int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
  switch (access) {
  case sqlite_access::read_only:
  case sqlite_access::undisturbed: return flags | SQLITE_OPEN_READONLY;
  case sqlite_access::main_file_only: return flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI;
  case sqlite_access::read_write: return flags | SQLITE_OPEN_READWRITE;
  }
  return flags | SQLITE_OPEN_READONLY;
}

base::status check_exists(const std::string& path) {
  struct stat facts{};
  if (::stat(path.c_str(), &facts) == 0)
    return {};
  if (errno == ENOENT || errno == ENOTDIR)
    return base::fail(base::errc::not_found, path + " does not exist");
  return base::fail(base::errc::io, path + ": " + std::generic_category().message(errno));
}

/// Of the files that are read without a lock, SQLite's own way of taking none.
constexpr auto lockless_vfs = "unix-none";

const char* vfs_of(const sqlite_open_options& options) {
  if (!options.vfs.empty())
    return options.vfs.c_str();
  return options.access == sqlite_access::undisturbed ? lockless_vfs : nullptr;
}

struct connection_switch {
  int operation;
  int value;
  std::string_view name;
};

// The schema is ours and plain: whatever else a damaged or forged file brings along stays
// off (sqlite.org/security.html). No checkpoint on close: the owner decides when.
constexpr std::array connection_switches{
    connection_switch{SQLITE_DBCONFIG_DEFENSIVE, 1, "defensive"},
    connection_switch{SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, "trusted_schema"},
    connection_switch{SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, "enable_trigger"},
    connection_switch{SQLITE_DBCONFIG_ENABLE_VIEW, 0, "enable_view"},
    connection_switch{SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, "enable_load_extension"},
    connection_switch{SQLITE_DBCONFIG_DQS_DML, 0, "dqs_dml"},
    connection_switch{SQLITE_DBCONFIG_DQS_DDL, 0, "dqs_ddl"},
    connection_switch{SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, "no_ckpt_on_close"},
};

} // namespace

base::result<sqlite_database> sqlite_database::open(const std::string& path,
                                                    const sqlite_open_options& options) {
  if (auto found = check_exists(path); !found)
    return base::fail(found.error());
  bool is_immutable = options.access == sqlite_access::main_file_only;
  sqlite3* handle = nullptr;
  int code = sqlite3_open_v2((is_immutable ? immutable_uri(path) : path).c_str(), &handle,
                             open_flags(options.access), vfs_of(options));
  sqlite_database database(path, handle);
  if (code != SQLITE_OK)
    return base::fail(database.error(code, "open " + path));
  database.registration_ = sqlite_registration(path, options.access == sqlite_access::read_write);
  if (auto done = database.configure(options); !done)
    return base::fail(done.error().within("open " + path));
  return database;
}

sqlite_database::~sqlite_database() {
  if (handle_ == nullptr || sqlite3_close(handle_) == SQLITE_OK)
    return;
  registration_.abandon();
  base::log::error("aspen::storage::sqlite", "a connection could not be closed",
                   {{"path", path_}, {"reason", sqlite3_errmsg(handle_)}});
}

sqlite_database::sqlite_database(sqlite_database&& other) noexcept
  : path_(std::move(other.path_)), handle_(std::exchange(other.handle_, nullptr)),
    registration_(std::move(other.registration_)) {}

base::status sqlite_database::configure(const sqlite_open_options& options) {
  for (const auto& each : connection_switches) {
    int in_force = -1;
    int code = sqlite3_db_config(handle_, each.operation, each.value, &in_force);
    if (code != SQLITE_OK || in_force != each.value)
      return base::fail(base::errc::io, "SQLite does not set " + std::string(each.name));
  }
  if (auto done = set_busy_timeout(options.busy_timeout); !done)
    return done;
  // Before anything is read: from then on the WAL's index is where it is.
  if (options.access == sqlite_access::undisturbed)
    if (auto done = set_pragma("locking_mode", "EXCLUSIVE", "exclusive"); !done)
      return done;
  auto cache = std::to_string(-static_cast<std::int64_t>(options.cache_bytes / 1024));
  bool is_writer = options.access == sqlite_access::read_write;
  struct setting {
    std::string_view name;
    std::string_view value;
    std::string_view expected;
  };
  const std::array settings{
      setting{"synchronous", "FULL", "2"},
      // An I/O error on a mapped page would be a signal.
      setting{"mmap_size", "0", "0"},
      setting{"cell_size_check", "ON", "1"},
      setting{"trusted_schema", "OFF", "0"},
      setting{"recursive_triggers", "OFF", "0"},
      setting{"foreign_keys", "OFF", "0"},
      setting{"temp_store", "MEMORY", "2"},
      // Deleted rows are overwritten in pages that are written anyway; whole freed pages are
      // not written a second time (a replaced 1 MiB value has 256 of them).
      setting{"secure_delete", "FAST", "2"},
      setting{"wal_autocheckpoint", "0", "0"},
      setting{"cache_size", cache, cache},
      setting{"query_only", is_writer ? "OFF" : "ON", is_writer ? "0" : "1"},
  };
  for (const auto& each : settings)
    if (auto done = set_pragma(each.name, each.value, each.expected); !done)
      return done;
  return {};
}

void sqlite_database::forget_pages() {
  sqlite3_db_release_memory(handle_);
}

base::status sqlite_database::execute(const std::string& sql) {
  int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK)
    return base::fail(error(code, sql.substr(0, sql.find(' '))));
  return {};
}

base::result<std::string> sqlite_database::query_text(const std::string& sql) {
  auto statement = prepare(sql);
  if (!statement)
    return base::fail(statement.error());
  auto has_row = statement->step();
  if (!has_row)
    return base::fail(has_row.error().within(sql));
  auto text = *has_row ? std::string(statement->bytes(0)) : std::string();
  while (*has_row) {
    has_row = statement->step();
    if (!has_row)
      return base::fail(has_row.error().within(sql));
  }
  return text;
}

base::status sqlite_database::set_pragma(std::string_view name, std::string_view value,
                                         std::string_view expected) {
  std::string pragma = "PRAGMA " + std::string(name);
  auto answer = query_text(pragma + " = " + std::string(value));
  if (!answer)
    return base::fail(answer.error());
  auto in_force = query_text(pragma);
  if (!in_force)
    return base::fail(in_force.error());
  if (*in_force == expected)
    return {};
  return base::fail(base::errc::io, "PRAGMA " + std::string(name) + " is " + *in_force
                                        + " after it was set to " + std::string(value));
}

base::status sqlite_database::set_busy_timeout(std::chrono::milliseconds timeout) {
  auto value = std::to_string(timeout.count());
  return set_pragma("busy_timeout", value, value);
}

base::result<sqlite_statement> sqlite_database::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  if (code != SQLITE_OK)
    return base::fail(error(code, "prepare"));
  return sqlite_statement(handle_, handle);
}

bool sqlite_database::is_in_transaction() const {
  return sqlite3_get_autocommit(handle_) == 0;
}

void sqlite_database::interrupt() {
  sqlite3_interrupt(handle_);
}

base::error sqlite_database::error(int extended_code, std::string_view doing) const {
  return sqlite_error(handle_, extended_code, doing);
}

base::result<sqlite_transaction> sqlite_transaction::begin_write(sqlite_database& database) {
  BASE_CHECK(!database.is_in_transaction(), "a transaction within a transaction");
  if (auto begun = database.execute("BEGIN IMMEDIATE"); !begun)
    return base::fail(begun.error());
  return sqlite_transaction(database);
}

base::result<sqlite_transaction> sqlite_transaction::begin_read(sqlite_database& database) {
  BASE_CHECK(!database.is_in_transaction(), "a transaction within a transaction");
  if (auto begun = database.execute("BEGIN"); !begun)
    return base::fail(begun.error());
  return sqlite_transaction(database);
}

sqlite_transaction::~sqlite_transaction() {
  // After some errors SQLite has rolled back by itself, after others it has not
  // (sqlite.org/lang_transaction.html, 2.1).
  if (database_ != nullptr && database_->is_in_transaction())
    (void)database_->execute("ROLLBACK");
}

sqlite_transaction::sqlite_transaction(sqlite_transaction&& other) noexcept
  : database_(std::exchange(other.database_, nullptr)) {}

base::status sqlite_transaction::commit() {
  return database_->execute("COMMIT");
}

} // namespace storage
