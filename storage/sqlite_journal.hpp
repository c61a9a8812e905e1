// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"

namespace storage {

/// Whether the rollback journal beside a closed database, if there is one, is what a crash
/// leaves while the database enters or leaves WAL mode: SQLite plays it back at the next open,
/// and it must then change nothing but the mode and counters in the header of page 1. One of
/// another moment would lay old pages over newer ones (sqlite.org/fileformat2.html, 3).
/// Requires: this process has neither open. Errors: `corrupt`, naming the page.
base::status check_rollback_journal(const std::string& database);

} // namespace storage
