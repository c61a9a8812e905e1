// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>
#include <vector>

#include "base/uuid.hpp"
#include "raft/types.hpp"

/// Who takes part, as the log tells it (thesis 4). The byte form is declared beside
/// `membership` in raft/types.hpp and laid out in docs/protocol.md.
namespace raft {

/// The first entry of a cluster's log: index 1, term 0 (before any election), kind
/// `membership`. Every founder derives the same bytes from the same arguments, so it
/// is committed from the beginning (hard state {0, nobody, 1}).
entry founding_entry(const base::uuid& cluster_id, const membership& founders);

/// The configurations of the log by the index at which each took effect. A server
/// acts on the newest, committed or not, and goes back when its entry is truncated
/// (thesis 4.1).
class membership_history {
public:
  /// What the log held when it was opened: the snapshot point's, and those above it.
  membership_history(membership_at base, std::vector<membership_at> above);

  const membership& current() const { return steps_.back().membership; }
  /// Where the current one took effect.
  log_index current_index() const { return steps_.back().index; }
  /// The newest that took effect at or below `index`.
  const membership& at(log_index index) const;

  /// Requires: `index` lies above every recorded one.
  void append(log_index index, membership members);
  /// Forgets what took effect at `first` and above.
  void truncate_from(log_index first);
  /// Keeps, of those at and below `commit_index`, only the newest.
  void forget_before(log_index commit_index);
  /// A snapshot brought `base`; those above it stay only with their entries.
  void install(membership_at base, bool keeps_suffix);

private:
  std::vector<membership_at> steps_; // never empty, ascending
};

} // namespace raft
