// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "replay/core_input.hpp"

namespace replay {

struct play_settings {
  std::uint64_t until = std::numeric_limits<std::uint64_t>::max(); ///< inputs, from 1 on
  std::size_t shown = 5; ///< so many inputs before the end are told with what they led to
};

/// What became of a core that was told again what a recording holds.
struct play_report {
  raft::server_id server;
  base::uuid cluster_id;
  base::uuid boot;
  std::uint64_t inputs = 0;  ///< told
  std::uint64_t outputs = 0; ///< compared
  /// The input whose output is not the recorded one; playing ends there.
  std::optional<std::uint64_t> differs_at;
  /// The core took its last input for a broken invariant, and says this.
  std::string broken;
  bool is_torn = false; ///< the file ends within a record: the process was killed, or the disk full
  bool reached_bound = false;    ///< the recording ended at the bound of its size
  raft::core_status status{};    ///< after the last input
  std::vector<std::string> last; ///< the last inputs, each with its number and what came of it
};

/// Plays a recording, as bytes. Errors: `incompatible`, `corrupt`, saying after which input.
base::result<play_report> play(base::byte_view file, const play_settings& how);

} // namespace replay
