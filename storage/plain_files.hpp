// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

/// Files by their paths, without opening any that SQLite or LMDB have open.
namespace storage {

/// Makes an empty file, readable and writable by its owner alone, in place of any other.
base::status make_private_file(const std::string& path);

/// Syncs the closed file `from`, renames it over `to`, and syncs the directory.
base::status sync_and_rename(const std::string& from, const std::string& to);

/// Makes the names beside `path` durable.
base::status sync_directory_of(const std::string& path);

/// Removes a file if it is there. Not durable until the directory is synced.
base::status remove_file(const std::string& path);

bool file_exists(const std::string& path);
/// Zero when it does not exist.
std::uint64_t file_size(const std::string& path);

} // namespace storage
