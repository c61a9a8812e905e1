// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/limits.hpp"
#include "base/result.hpp"
#include "storage/sqlite_open_files.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace storage {

class sqlite_statement;

enum class sqlite_access {
  read_only,      ///< can neither write nor checkpoint
  main_file_only, ///< read-only, as if there were no WAL
  /// Read-only and with its WAL, whose index is kept in memory: no lock is taken and no file
  /// made (sqlite.org/wal.html, 8). Requires: no process has the database open.
  undisturbed,
  read_write, ///< the one writer and checkpointer of the file (INV-57)
};

struct sqlite_open_options {
  sqlite_access access = sqlite_access::read_only;
  std::chrono::milliseconds busy_timeout{250};
  std::size_t cache_bytes = 4 * base::limits::mebibyte;
  std::string vfs; ///< name of a registered VFS; empty for the system's
};

/// One connection. Multi-thread mode (`NOMUTEX`): used by one thread at a time, except
/// for `interrupt`.
class sqlite_database {
public:
  /// Opens an existing file and sets the connection's settings, each read back (INV-58).
  /// Touches nothing in the file and reads nothing from it.
  /// Errors: `not_found`; `resource` for lack of descriptors; `io`.
  static base::result<sqlite_database> open(const std::string& path,
                                            const sqlite_open_options& options);
  /// Requires: every statement of this connection is gone. One that is not keeps the
  /// file in the list of open files, and a line in the log says so.
  ~sqlite_database();
  sqlite_database(sqlite_database&& other) noexcept;
  sqlite_database& operator=(sqlite_database&&) = delete;

  /// Runs statements that yield nothing of interest.
  base::status execute(const std::string& sql);
  /// The first column of the first row as text; empty when there is no row. Runs to the end: a
  /// pragma that writes commits after its row, and may fail there.
  base::result<std::string> query_text(const std::string& sql);
  /// Sets `PRAGMA name = value` and reads it back (INV-58).
  /// Errors: `io`, naming what was asked for and what is in force.
  base::status set_pragma(std::string_view name, std::string_view value, std::string_view expected);
  base::status set_busy_timeout(std::chrono::milliseconds timeout);

  /// `SQLITE_PREPARE_PERSISTENT`: for statements that live as long as the connection.
  base::result<sqlite_statement> prepare(std::string_view sql);

  /// Whether a transaction is open on this connection.
  bool is_in_transaction() const;
  /// Makes running statements end with `interrupted`. Any thread, while the connection lives.
  void interrupt();

  /// Gives its page cache back, so that the next transaction reads the file (as the kernel has it).
  /// Requires: no transaction is open, no statement runs.
  void forget_pages();
  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }
  base::error error(int extended_code, std::string_view doing) const;

private:
  sqlite_database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  base::status configure(const sqlite_open_options& options);

  std::string path_;
  sqlite3* handle_ = nullptr;
  sqlite_registration registration_;
};

/// A prepared statement. Bound bytes are not copied: they must outlive the run.
class sqlite_statement {
public:
  sqlite_statement() = default;
  sqlite_statement(sqlite3* connection, sqlite3_stmt* statement);

  sqlite_statement& bind_text(int position, std::string_view text);
  sqlite_statement& bind_blob(int position, base::byte_view bytes);
  sqlite_statement& bind_number(int position, std::uint64_t number);

  /// True: a row is there to be read. False: done.
  base::result<bool> step();
  /// One `step` for a statement that yields no row, and `reset`.
  base::status run();
  /// Ends the run: gives up its read transaction and its bindings (INV-63).
  void reset();

  /// Views hold until the next `step` or `reset`.
  base::byte_view bytes(int column) const;
  std::uint64_t number(int column) const;
  bool is_null(int column) const;
  bool is_text(int column) const;

  bool is_prepared() const { return handle_ != nullptr; }

private:
  struct finalizer {
    void operator()(sqlite3_stmt* statement) const;
  };

  base::error bind_error() const;

  sqlite3* connection_ = nullptr;
  std::unique_ptr<sqlite3_stmt, finalizer> handle_;
  int bind_code_ = 0;
};

/// Resets a statement when the scope ends, however it ends (INV-63).
class sqlite_run {
public:
  explicit sqlite_run(sqlite_statement& statement) : statement_(statement) {}
  ~sqlite_run() { statement_.reset(); }
  sqlite_run(const sqlite_run&) = delete;
  sqlite_run& operator=(const sqlite_run&) = delete;
  sqlite_statement* operator->() { return &statement_; }

private:
  sqlite_statement& statement_;
};

/// A transaction that is rolled back unless it was committed.
class sqlite_transaction {
public:
  /// `BEGIN IMMEDIATE` for a writer: it has the write lock or `busy`, and no later
  /// statement can fail for want of it. `BEGIN` for a reader, whose snapshot begins with
  /// its first statement.
  static base::result<sqlite_transaction> begin_write(sqlite_database& database);
  static base::result<sqlite_transaction> begin_read(sqlite_database& database);
  ~sqlite_transaction();
  sqlite_transaction(sqlite_transaction&& other) noexcept;
  sqlite_transaction& operator=(sqlite_transaction&&) = delete;

  base::status commit();

private:
  explicit sqlite_transaction(sqlite_database& database) : database_(&database) {}

  sqlite_database* database_;
};

} // namespace storage
