// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "raft/types.hpp"

namespace raft {

/// The log as the core sees it: where each term begins, the newest entries in memory
/// (the window), and how far the disk has followed. Positions:
///
///     snapshot < first_index … (on disk) … window_first … durable … last
///
/// The window is contiguous and ends at `last` (INV-07); entries that are not durable
/// are always in it.
class log_view {
public:
  /// Requires: the arguments describe one log (`recovered_state`); throws otherwise.
  log_view(snapshot_point snapshot, entry_id last, chain_hash last_chain,
           std::vector<term_start> term_starts);

  const snapshot_point& snapshot() const { return snapshot_; }
  log_index first_index() const { return snapshot_.id.index.next(); }
  const entry_id& last() const { return last_; }
  const chain_hash& last_chain() const { return last_chain_; }
  /// The first entry in memory; `last().index + 1` when there is none.
  log_index window_first() const { return log_index{last_.index.value + 1 - window_.size()}; }
  std::size_t window_size() const { return window_.size(); }

  /// Known from the snapshot point to the last entry; nothing elsewhere.
  std::optional<raft::term> term_at(log_index index) const;
  /// Known at the snapshot point, in the window and right before it; nothing elsewhere.
  std::optional<chain_hash> chain_at(log_index index) const;
  /// The last position before the term that stands at `index` begins, not below the
  /// snapshot point. Requires: `term_at(index)` is known.
  entry_id before_term_at(log_index index) const;
  /// The last position at or below `limit` with a term of at most `at_most` (the
  /// snapshot point if none is higher up).
  entry_id last_with_term_at_most(log_index limit, raft::term at_most) const;

  /// Requires: `window_first() <= index <= last().index`.
  const entry& at(log_index index) const;
  /// Entries from `first` on, at least one, until `entries_max` or `bytes_max` of
  /// payload would be passed or `last` was copied. Requires: all of them in the window.
  std::vector<entry> copy(log_index first, log_index last, std::size_t entries_max,
                          std::size_t bytes_max) const;
  /// Payload bytes of the entries in (after, up_to] that are in the window.
  std::uint64_t bytes_between(log_index after, log_index up_to) const;

  /// Requires: it follows `last` in index, term and chain (INV-07, INV-08).
  void append(entry what);
  /// Removes the entries at `first` and above; `chain_before` is the chain at the
  /// entry before it. Requires: `first` lies above the snapshot point.
  void truncate_from(log_index first, const chain_hash& chain_before);
  /// The log begins after `point` now. Requires: `point` is in it.
  void compact(snapshot_point point);

  /// The log begins after `point`, which came from elsewhere: what follows it stays if `point`
  /// is in the log, which is returned; else nothing does. Requires: everything is durable.
  bool install(snapshot_point point);

  /// What the window may hold. Entries that are not durable stay whatever it says.
  struct retention {
    std::size_t applied_entries_max; ///< while the oldest is applied already
    std::uint64_t applied_bytes_max;
    std::size_t entries_max; ///< while it still has to be applied
    std::uint64_t bytes_max;
  };
  /// Drops durable entries from the front of the window until it is within `bounds`.
  void trim(log_index last_applied, const retention& bounds);

  /// The last entry that is durable here.
  log_index durable_index() const { return durable_; }
  /// The last entry that is durable or under way to the disk.
  log_index handed_index() const { return handed_.value_or(durable_); }
  bool has_unpersisted() const { return last_.index > handed_index(); }

  struct batch {
    std::vector<entry> entries;
    std::optional<log_index> truncate_from;
  };
  /// The next entries to be written; may be empty. Requires: none are under way.
  batch begin_persist(std::size_t entries_max, std::size_t bytes_max);
  /// Those under way are durable, as far as they were not truncated meanwhile.
  void finish_persist();
  bool is_persisting() const { return handed_.has_value(); }

private:
  friend class invariant_checker;

  struct held {
    entry what;
    std::uint64_t bytes_through; // payload bytes of everything ever held up to here
  };
  const held& held_at(log_index index) const;
  std::uint64_t bytes_through(log_index index) const;
  void drop_front();
  void check_origin() const;

  snapshot_point snapshot_;
  entry_id last_;
  chain_hash last_chain_;
  std::vector<term_start> term_starts_;
  std::deque<held> window_;
  std::optional<chain_hash> chain_before_window_; // at window_first() - 1
  std::uint64_t bytes_before_window_ = 0;
  log_index durable_;
  std::optional<log_index> handed_;        // set while a persist is under way
  std::optional<log_index> truncate_from_; // the disk still holds entries from here on
};

} // namespace raft
