// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "storage/cross_check.hpp"
#include "storage/snapshot_source.hpp"
#include "storage/types.hpp"

/// A cluster of one server that begins with a state another cluster came to: what a backup is restored as, and
/// what is left of a cluster that lost its quorum (two stores, one truth: rule 21). Everything by which servers
/// know each other is new, so that no member of the former cluster joins it, nor it them, by accident.
namespace storage {

/// How far above the state's own index the new log begins: no revision of the former cluster is ever given
/// again, so that an old ETag matches no new write (INV-146).
inline constexpr std::uint64_t generation_index_gap = std::uint64_t{1} << 32;

struct new_generation {
  storage::identity identity; ///< new but for the server's number
  state_meta meta;            ///< what the state machine records from now on
  raft::snapshot_point point; ///< right behind which the log begins
};

/// `self` in a new life as the only voter, one term and the gap after `from`. Requires: `self.id` is not zero.
new_generation plan_generation(const state_meta& from, raft::member self);

/// Makes both stores: `copy`, a verified snapshot file beside `into.state_path`, becomes the state machine, and
/// then the log is made. Requires: neither store exists; nobody else uses the directory; it is marked
/// unfinished. After an error, or an end in the middle, the directory is to be emptied.
/// Errors: `storage_full`; `sync_failed`; `io`.
base::status found_generation(const store_paths& into, const std::string& copy,
                              const new_generation& what);

/// The file that stands in a data directory from before the first of its stores until both are whole. No node
/// starts beside it (INV-147): one that did would take what is missing for a directory of nobody.
inline constexpr const char* unfinished_name = "restore-unfinished";
/// Durable on return. `text` is for whoever finds it.
base::status mark_unfinished(const std::string& data_dir, const std::string& text);
base::status clear_unfinished(const std::string& data_dir);
/// Its text; nothing when there is no mark.
std::optional<std::string> unfinished_text(const std::string& data_dir);

} // namespace storage
