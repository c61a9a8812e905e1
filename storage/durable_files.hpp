// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

/// File operations that are on the device when they return. Not for files that SQLite or
/// LMDB have open: closing a second descriptor drops the locks of the first.
namespace storage {

/// Makes an empty file, readable and writable by its owner alone, in place of any other.
base::status make_private_file(const std::string& path);

/// Syncs the contents and size of a file. Errors: `sync_failed`, which no retry cures.
base::status sync_file(const std::string& path);
/// Syncs the names in the directory that holds `path`.
base::status sync_directory_of(const std::string& path);

/// Syncs `from`, renames it over `to`, and syncs the directory. Requires: both in one
/// directory.
base::status rename_durably(const std::string& from, const std::string& to);

/// Removes a file if it is there. Not durable until the directory is synced.
base::status remove_file(const std::string& path);

bool file_exists(const std::string& path);
/// Zero when it does not exist. By `stat`.
std::uint64_t file_size(const std::string& path);

} // namespace storage
