// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "node/settings.hpp"

namespace node {

/// The directories of a node's files, made ready and owned by this process alone for as
/// long as the object lives (INV-124): the data directory, and those of the stores that
/// were put elsewhere.
class data_directory {
public:
  /// Creates what is missing (mode 0700, parents too), finds out by writing whether it
  /// can be written, and takes the locks. Opens no store. With the backend `inmemory`
  /// nothing is created and nothing locked.
  /// Errors, each naming the path: `io` (cannot be created or written), `unsupported`
  /// (NFS or CIFS: SQLite's and LMDB's locks and maps do not hold there), `locked`
  /// (naming the holder's process id), `invalid` (a restore into it came to no end, INV-147).
  static base::result<data_directory> open(const settings& all);

  data_directory(data_directory&&) noexcept;
  data_directory& operator=(data_directory&&) noexcept;
  ~data_directory();

private:
  data_directory() = default;
  std::vector<int> locks_; ///< descriptors; closing one gives up its lock
};

/// The name of the network file system with that magic number (statfs(2)); nothing for
/// every other file system.
std::optional<std::string_view> network_file_system(long magic);

} // namespace node
