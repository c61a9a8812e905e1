// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

/// By what stores are known again: their bytes.
namespace supervisor {

/// One file as it was.
struct file_print {
  std::string name; ///< without its directory: a directory that was moved holds the same stores
  std::uint64_t bytes = 0;
  /// XXH3-128 over the content in blocks of 1 MiB, each hashed with the digest before it, as
  /// hexadecimal digits; "missing"; or why it could not be read.
  std::string digest;
  friend bool operator==(const file_print&, const file_print&) = default;
};

/// Reads each file through, with plain reads: nothing that stands in it can harm the reader.
/// Requires: no file is open in this process, because closing one drops the locks of SQLite
/// and LMDB. Blocks; any thread. Stops early, with what it has, once `is_cancelled` is set.
std::vector<file_print> take_prints(const std::vector<std::string>& paths,
                                    const std::atomic<bool>& is_cancelled);

} // namespace supervisor
