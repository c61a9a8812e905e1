// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace node {

/// What this process runs: our version, and those of the libraries as linked.
struct versions {
  std::string aspen;
  std::string commit;
  std::string caf;
  std::string sqlite;
  std::string lmdb;
  std::string httplib;
  /// The SQLite in use can lose committed pages when one connection checkpoints while
  /// another commits (the WAL-reset bug). This program does both on one connection.
  bool sqlite_has_wal_reset_bug = false;
};

versions linked_versions();

/// Whether the bug is in that SQLite, by its number (3.40.1 is 3040001): 3.7.0 to
/// 3.51.2, but not 3.44.6 and 3.50.7, which got the fix (sqlite.org/wal.html).
bool has_wal_reset_bug(int sqlite_version_number);

/// For `--version`, one a line.
std::string to_text(const versions& all);

} // namespace node
