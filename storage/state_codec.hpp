// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "storage/state_machine.hpp"
#include "storage/types.hpp"

/// What a state machine records beside its rows, as named texts: `state_machine_meta`
/// holds replicated values only, `node_local` what is this node's alone. Each table
/// carries a seal over all its other values (INV-55). Formats in docs/on_disk.md.
namespace storage {

/// The contents of one of the two tables.
using value_table = std::map<std::string, std::string, std::less<>>;

inline constexpr std::string_view last_applied_key = "last_applied_log";
inline constexpr std::string_view seal_key = "seal";

/// The replicated values, sealed.
value_table to_values(const base::uuid& cluster_id, const state_meta& meta);
/// The values of this node, sealed. `wal_restarts` counts the small commits that
/// restarted the WAL. `outvoted`: the state is wrong, and nothing may start on it (INV-29).
value_table to_values(const identity& identity, const log_watermark& watermark,
                      std::uint64_t wal_restarts,
                      const std::optional<raft::state_outvote>& outvoted = {});

/// Whether the seal matches the other values.
bool is_sealed(const value_table& values);

struct replicated_values {
  base::uuid cluster_id;
  state_meta meta;
};
/// Errors: `corrupt`, naming the value that is missing or cannot be read;
/// `incompatible` for another digest version. Does not look at the seal.
base::result<replicated_values> replicated_from(const value_table& values);

struct local_values {
  storage::identity identity; ///< without the cluster id, which is a replicated value
  log_watermark watermark;
  std::uint64_t wal_restarts = 0;
  std::optional<raft::state_outvote> outvoted{};
};
base::result<local_values> local_from(const value_table& values);

/// `{"term":3,"index":105}`, exactly: operators read it with the `sqlite3` command.
std::string last_applied_text(const raft::entry_id& id);
/// Nothing for any other form.
std::optional<raft::entry_id> last_applied_from(std::string_view text);

} // namespace storage
