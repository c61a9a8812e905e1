// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <sqlite3.h>

#include "tests/support/catch.hpp"

namespace tests {

/// A connection as the `sqlite3` command would have it: a stranger to the node.
class raw_sqlite {
public:
  explicit raw_sqlite(const std::string& path) {
    REQUIRE(sqlite3_open(path.c_str(), &handle_) == SQLITE_OK);
    // A stranger that left would otherwise fold the WAL into the file.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  }
  ~raw_sqlite() { sqlite3_close(handle_); }
  raw_sqlite(const raw_sqlite&) = delete;
  raw_sqlite& operator=(const raw_sqlite&) = delete;

  void run(const std::string& sql) {
    int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
    INFO(sql << ": " << sqlite3_errmsg(handle_));
    REQUIRE(code == SQLITE_OK);
  }

  /// The first column of the first row; empty without a row.
  std::string text(const std::string& sql) {
    sqlite3_stmt* statement = nullptr;
    REQUIRE(sqlite3_prepare_v2(handle_, sql.c_str(), -1, &statement, nullptr) == SQLITE_OK);
    std::string value;
    if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0) != nullptr)
      value = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return value;
  }

private:
  sqlite3* handle_ = nullptr;
};

} // namespace tests
