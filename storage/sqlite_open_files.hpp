// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace storage {

/// One database file this process has open, by inode.
struct sqlite_open_file {
  std::string path; ///< as it was opened first
  std::size_t readers = 0;
  std::size_t writers = 0;
};

/// What this process has open through SQLite now: empty once everything was closed, which
/// is what a restart of the stores waits for. Any thread.
std::vector<sqlite_open_file> sqlite_open_files();

/// Whether any connection of this process has the file open. Any thread.
bool is_open_in_sqlite(const std::string& path);

/// A connection's place in the list above, for as long as it lives. A second read-write
/// connection to one file throws (INV-57): SQLite up to 3.51.2 can lose committed pages
/// when one connection checkpoints while another commits, so one connection does both.
class sqlite_registration {
public:
  sqlite_registration() = default;
  /// Requires: the file exists.
  sqlite_registration(const std::string& path, bool is_writer);
  ~sqlite_registration();
  sqlite_registration(sqlite_registration&& other) noexcept;
  sqlite_registration& operator=(sqlite_registration&& other) noexcept;
  sqlite_registration(const sqlite_registration&) = delete;
  sqlite_registration& operator=(const sqlite_registration&) = delete;

  /// Leaves the file in the list for good: it could not be closed.
  void abandon() { is_held_ = false; }

private:
  void release();

  unsigned long device_ = 0;
  unsigned long inode_ = 0;
  bool is_writer_ = false;
  bool is_held_ = false;
};

} // namespace storage
