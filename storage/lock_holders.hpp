// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

/// Who stands in the way of a write or a checkpoint: the kernel's list of file locks,
/// read against the bytes SQLite locks in the `-shm` file (sqlite.org/walformat.html, 2.3).
namespace storage {

struct lock_holder {
  std::int64_t process = 0; ///< zero when the kernel does not tell
  std::string program;      ///< its name, empty when it is gone
  bool is_this_process = false;
  bool writes = false; ///< holds the one write lock
  bool checkpoints = false;
  bool reads = false; ///< has a read transaction open
  friend bool operator==(const lock_holder&, const lock_holder&) = default;
};

/// The processes that hold a lock on the database at `path` now, this one included. Empty
/// where there is no `/proc`. Any thread.
std::vector<lock_holder> lock_holders(const std::string& path);

/// The same from the text of `/proc/locks`, for the file with this device and inode.
std::vector<lock_holder> lock_holders_in(std::string_view locks, unsigned long device,
                                         unsigned long inode);

/// "process 4711 (sqlite3), which writes; a reader of this node"; empty for nobody.
std::string describe(const std::vector<lock_holder>& holders);

} // namespace storage
