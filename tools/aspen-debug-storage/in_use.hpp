// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"

namespace debug_storage {

/// Whether nobody has that LMDB file open, by the locks every owner holds on its lock file: nothing is
/// opened by LMDB, made or locked here. A node that refused its stores has closed them and stands in
/// nobody's way. Errors: `locked`, naming the process and how to get a copy from a running node.
base::status check_log_is_closed(const std::string& path);

/// Whether a process has that SQLite database open in WAL mode, by the lock it holds on the `-shm`.
bool is_database_open(const std::string& path);

} // namespace debug_storage
