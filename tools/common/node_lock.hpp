// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "base/result.hpp"

namespace tools {

/// A `flock` that keeps others away while it lives: nodes from a data directory, other runs of this program from
/// a directory of backups. One thread.
class file_lock {
public:
  /// The lock that a node holds on its data directory. Where `makes_file` is false nothing is made: a directory
  /// without the file is nobody's, and the lock an empty one. Errors: `locked`; `resource`; `io`.
  static base::result<file_lock> of_node(const std::string& data_dir, bool makes_file);
  /// The lock on a directory itself. Errors: `locked`; `not_found`; `io`.
  static base::result<file_lock> of_directory(const std::string& directory);

  file_lock(file_lock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  file_lock& operator=(file_lock&&) = delete;
  ~file_lock();

private:
  explicit file_lock(int descriptor) : descriptor_(descriptor) {}
  static base::result<file_lock> take(const std::string& path, int flags, const std::string& held);
  int descriptor_;
};

/// The name of the node's lock file.
inline constexpr const char* node_lock_name = "lock";

} // namespace tools
