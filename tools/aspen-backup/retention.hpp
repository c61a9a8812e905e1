// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/aspen-backup/exit_status.hpp"

namespace aspen_backup {

/// Which backups stay: the newest of each of the last `daily` days, and of each of the last `weekly` weeks, for
/// which there are any. Days and weeks are those of UTC; a week begins on Monday.
struct retention {
  std::uint64_t daily = 0;
  std::uint64_t weekly = 0;
};

/// Reads `daily=7,weekly=4`; either may be left out, not both be zero.
outcome<retention> parse_retention(std::string_view text);

/// One for each of `created_at` (Unix seconds, in any order): whether it stays. Without any, nothing is kept; of
/// equal times the first named one counts as the newest.
std::vector<bool> kept(const std::vector<std::int64_t>& created_at, const retention& what);

} // namespace aspen_backup
