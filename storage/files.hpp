// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"

/// Files and directories that outlive a power cut. Never call these on a file that LMDB
/// or SQLite has open in this process: closing any handle to it drops their locks.
/// Every error names the path. Any thread.
namespace storage {

/// Told before each step that changes names or makes bytes durable. For tests of what a
/// crash between two of them leaves.
using file_step_hook = void (*)(const char* step, const std::string& path);
/// Null: nobody is told.
void set_file_step_hook(file_step_hook hook);
void before_file_step(const char* step, const std::string& path);

/// Makes `path` and its missing parents, mode 0700, each entry synced into its parent.
base::status make_directories(const std::string& path);

/// Makes what the directory lists durable.
base::status sync_directory(const std::string& path);
/// Makes a closed file's content durable.
base::status sync_file(const std::string& path);

/// Renames and syncs the directory (both, when they differ). Replaces `to`.
base::status durable_rename(const std::string& from, const std::string& to);
/// The same. Errors: `invalid`, nothing done, when `to` exists.
base::status durable_rename_new(const std::string& from, const std::string& to);
/// Removes a file and syncs the directory; a missing one is fine.
base::status durable_remove(const std::string& path);

/// Reads a whole file with plain reads and forgets it: a device that cannot deliver a
/// page answers `io` here, where a read through a memory map would end the process.
base::status read_through(const std::string& path);

/// What an unprivileged process may still write where `path` is.
base::result<std::uint64_t> free_bytes(const std::string& path);

/// Whether `bytes` are free where the file `path` is to be made. Errors: `storage_full`,
/// naming both numbers; `io`.
base::status check_free_space(const std::string& path, std::uint64_t bytes);

/// Errors: `unsupported`, naming the kind, when `path` (or its nearest existing parent)
/// is on a network file system: locks and shared memory maps do not hold there
/// (sqlite.org/faq.html 5, lmdb.h "Caveats").
base::status check_local_file_system(const std::string& path);
/// The name of a network file system by its `statfs` magic, or nothing for a local one.
std::optional<std::string> network_file_system_name(std::uint64_t magic);

/// One process per data directory: an exclusive lock on the file `LOCK` in it, which names
/// the holder. The kernel frees it with the process, however that ends.
class directory_lock {
public:
  /// Errors: `locked`, naming the holder's process id; `resource` for missing permissions.
  static base::result<directory_lock> take(const std::string& directory);

  directory_lock(directory_lock&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)) {}
  directory_lock& operator=(directory_lock&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~directory_lock();

private:
  explicit directory_lock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

} // namespace storage
