// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/aspen-backup/exit_status.hpp"
#include "tools/aspenctl/endpoint.hpp"

namespace aspen_backup {

/// What a node said of the file it sent.
struct fetched {
  std::uint64_t size_bytes = 0;
  std::uint64_t index = 0;
  std::uint64_t term = 0;
  std::uint64_t rows = 0;
  std::string state_digest;
};

struct fetch_options {
  bool may_be_stale = false; ///< the state of that node, whatever it is
  bool is_quiet = false;     ///< no progress
};

/// Fetches `GET /admin/backup` into a new file at `to`, durable on return. It is complete, and not yet verified.
/// Errors: `unavailable` when the node does not answer or cannot do it now; `failed`.
outcome<fetched> fetch(const aspenctl::endpoint& from, const std::string& to,
                       const fetch_options& how);

} // namespace aspen_backup
