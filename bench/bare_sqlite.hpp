// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

/// SQLite with nothing around it, with the settings that decide its speed set as the node
/// sets them: the limit for what stands on it.
namespace bench {

struct sqlite_closer {
  void operator()(sqlite3* connection) const;
  void operator()(sqlite3_stmt* statement) const;
};
using sqlite_connection = std::unique_ptr<sqlite3, sqlite_closer>;
using prepared_statement = std::unique_ptr<sqlite3_stmt, sqlite_closer>;

/// A table of keys and values in WAL mode with `synchronous=FULL`, and nothing else.
/// SQLite checkpoints by itself, whenever as much has gathered as in the node.
class bare_table {
public:
  /// Requires: there is no file at `path`.
  explicit bare_table(const std::filesystem::path& path);

  /// One transaction; durable on return.
  void upsert(const std::vector<std::pair<std::string, std::string>>& rows);

private:
  sqlite_connection connection_;
  prepared_statement begin_, commit_, upsert_;
};

/// Prepared point reads of the node's own table over a read-only connection.
class bare_reader {
public:
  explicit bare_reader(const std::filesystem::path& path);

  /// Bytes of the value. Throws when there is no such key.
  std::size_t read(std::string_view key);

private:
  sqlite_connection connection_;
  prepared_statement get_;
};

} // namespace bench
