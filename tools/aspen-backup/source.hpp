// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "storage/cross_check.hpp"
#include "tools/aspen-backup/exit_status.hpp"
#include "tools/aspenctl/endpoint.hpp"

namespace aspen_backup {

/// Whose state is to be kept: a running node that is asked, or the stores in a data directory.
struct source {
  std::string name;                           ///< as the operator named it
  std::optional<aspenctl::endpoint> endpoint; ///< none: `stores` are read
  storage::store_paths stores;
};

/// `http://host:port`, `host:port`, a data directory, or the database file in one. Errors: `usage`.
outcome<source> find_source(const std::string& text);

/// Copies the state machine of `from` to `to`, verified and durable, and leaves the stores as they are. Of a
/// stopped node only what that node would start on, and with what its log has committed and it has not yet
/// applied. Beside a running node (`sqlite` alone) as SQLite allows every reader: what was
/// acknowledged within the last moments may be missing.
/// Errors: `unavailable` when a node is in the way or writes too much; `damaged`; `failed`.
outcome<void> copy_stores(const source& from, const std::string& to, bool is_quiet);

} // namespace aspen_backup
