// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>

#include "actors/actor_context.hpp"

namespace actors {

struct storage_scanner_settings {
  std::chrono::milliseconds interval{std::chrono::hours(24)}; ///< between the ends of two passes
  std::uint64_t bytes_per_second = std::uint64_t{8} << 20;    ///< of what is read
  /// Whether the check before the start compared all rows already: then the first pass waits, too.
  std::function<bool()> was_verified;
};

/// Starts the actor that compares, again and again, every row with its digest and every entry of the log
/// with its checksum and chain, while the node serves (two stores, one truth: rule 25; INV-144). It asks
/// the readers and the log writer like any client, for a small page at a time, so that no read transaction
/// outlives a page and no WAL is pinned, and pauses in between for as long as the rate says. Never blocks.
/// What does not match ends the group: nobody is served from it, and the gate looks at everything.
/// Requires reader pool, log writer and storage writer in the directory.
storage_scanner_handle start_storage_scanner(caf::actor_system& system,
                                             const actor_context& context,
                                             storage_scanner_settings settings);

} // namespace actors
