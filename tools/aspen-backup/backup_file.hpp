// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tools/aspen-backup/manifest.hpp"

/// Backups as files: found, looked at whole, removed.
namespace aspen_backup {

/// What the file at `path` is, found out from itself: SHA-256, format, seals, structure, every row, the digest of the
/// state. Errors: `damaged`, naming what does not match; `failed`.
outcome<manifest> examine(const std::string& path, bool is_quiet);

/// One backup, compared with what its manifest says.
struct verification {
  std::string file;
  manifest told;                   ///< when it could be read
  std::vector<std::string> faults; ///< what differs, or why it could not be looked at; empty: none
  exit_status status = exit_status::done;
};
verification verify_file(const std::string& file, bool is_quiet);

/// A manifest in a directory, and the file beside it.
struct listed_backup {
  std::string file;
  manifest told;
  std::string trouble; ///< empty: the file is there, and has its size
};
/// By time, the newest first; those whose manifest cannot be read last. Errors: `failed`.
outcome<std::vector<listed_backup>> list_backups(const std::string& directory);

/// Removes file and manifest, in this order, durably.
outcome<void> remove_backup(const std::string& file);

} // namespace aspen_backup
