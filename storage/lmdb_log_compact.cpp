// SPDX-License-Identifier: Apache-2.0
// How the log loses its beginning: by compaction, or to a snapshot that is installed.
#include <algorithm>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "storage/lmdb_log_store.hpp"
#include "storage/log_codec.hpp"

namespace storage {

using base::errc;
namespace mark = log_codec::mark;

base::status lmdb_log_store::remove_entries(lmdb_transaction& within, raft::log_index first,
                                            raft::log_index last, std::uint64_t& bytes_removed) {
  auto cursor = lmdb_cursor::open(within, tables_.entries);
  if (!cursor)
    return base::fail(cursor.error());
  const auto end = log_codec::encode_key(last);
  auto item = cursor->at_or_after(log_codec::encode_key(first));
  for (; item && *item && (*item)->key <= end; item = cursor->next()) {
    bytes_removed += (*item)->value.size();
    if (auto removed = cursor->remove_current(); !removed)
      return removed;
  }
  if (!item)
    return base::fail(item.error());
  return {};
}

// How many of the newest entries stay when at most so many, of so many bytes, may.
base::result<std::uint64_t> lmdb_log_store::count_kept(std::uint64_t entries_max,
                                                       std::uint64_t bytes_max) {
  auto txn = environment_->begin_read();
  if (!txn)
    return base::fail(txn.error());
  auto cursor = lmdb_cursor::open(*txn, tables_.entries);
  if (!cursor)
    return base::fail(cursor.error());
  std::uint64_t kept = 0;
  std::uint64_t bytes = 0;
  auto item = cursor->last();
  for (; item && *item && kept < entries_max; item = cursor->previous(), ++kept)
    if ((bytes += (*item)->value.size()) > bytes_max)
      break;
  if (!item)
    return base::fail(item.error());
  return kept;
}

base::result<raft::snapshot_point> lmdb_log_store::compact(raft::log_index up_to,
                                                           std::uint64_t entries_kept,
                                                           std::uint64_t bytes_kept) {
  if (latched_)
    return base::fail(latched_->within("the log stopped after an earlier failure"));
  auto kept = count_kept(entries_kept, bytes_kept);
  if (!kept)
    return base::fail(kept.error().within("compact"));
  if (auto done = compact_to(outline_.compaction_target(up_to, *kept)); !done)
    return base::fail(done.error().within("compact"));
  return state().snapshot;
}

base::status lmdb_log_store::compact_to(raft::log_index target) {
  while (state().snapshot.id.index < target) {
    auto bound = state().snapshot.id.index + base::limits::compact_entries_per_transaction_max;
    if (auto done = compact_step(std::min(target, bound)); !done)
      return done;
  }
  return {};
}

// INV-40: entries and snapshot point move in one transaction of bounded size.
base::status lmdb_log_store::compact_step(raft::log_index target) {
  raft::snapshot_point point;
  std::uint64_t bytes_removed = 0;
  auto done = write(space::reserve, [&](auto& txn) -> base::status {
    auto entry = load_log_entry(txn, tables_, target, uuid());
    if (!entry)
      return base::fail(entry.error());
    point = outline_.point_at(entry->id, entry->chain);
    bytes_removed = 0;
    if (auto cut = remove_entries(txn, outline_.first_index(), target, bytes_removed); !cut)
      return cut;
    return put_mark(txn, mark::snapshot_point, point);
  });
  if (!done)
    return done;
  outline_.compacted(std::move(point));
  entry_bytes_ -= bytes_removed;
  return {};
}

base::status lmdb_log_store::set_pending_install(const pending_install& pending) {
  if (latched_)
    return base::fail(latched_->within("the log stopped after an earlier failure"));
  auto is_held = holds(pending.point);
  if (!is_held)
    return base::fail(is_held.error());
  if (auto possible = outline_.check_pending(pending, *is_held); !possible)
    return possible;
  auto done = write(space::reserve,
                    [&](auto& txn) { return put_mark(txn, mark::pending_install, pending); });
  if (!done)
    return base::fail(done.error().within("record a pending install"));
  outline_.pending_set(pending);
  return {};
}

// INV-42. What a completed checkpoint holds goes first, in bounded steps, so that the
// last transaction is small; a crash between them leaves an ordinary compaction.
base::status lmdb_log_store::finish_pending_install() {
  if (latched_)
    return base::fail(latched_->within("the log stopped after an earlier failure"));
  BASE_CHECK(state().pending, "INV-42: an install that is finished is pending");
  const auto point = state().pending->point;
  auto keeps_suffix = holds(point);
  if (!keeps_suffix)
    return base::fail(keeps_suffix.error().within("finish install"));
  auto next = outline_.state_after_install(*keeps_suffix);
  if (*keeps_suffix)
    if (auto done = compact_to(std::min(point.id.index, state().checkpoint_completed)); !done)
      return base::fail(done.error().within("finish install"));
  std::uint64_t bytes_removed = 0;
  auto done = write(space::reserve, [&](auto& txn) {
    bytes_removed = *keeps_suffix ? 0 : entry_bytes_;
    auto cut = *keeps_suffix
                   ? remove_entries(txn, outline_.first_index(), point.id.index, bytes_removed)
                   : txn.clear(tables_.entries);
    return cut ? put_install(txn, point, next) : cut;
  });
  if (!done)
    return base::fail(done.error().within("finish install"));
  outline_.install_finished(*keeps_suffix);
  entry_bytes_ -= bytes_removed;
  return {};
}

base::status lmdb_log_store::put_install(lmdb_transaction& within,
                                         const raft::snapshot_point& point,
                                         const raft::hard_state& next) {
  auto done = put_mark(within, mark::snapshot_point, point);
  if (done)
    done = put_mark(within, mark::hard_state, next);
  if (done)
    done = put_mark(within, mark::checkpoints,
                    log_codec::checkpoint_marks{point.id.index, point.id.index});
  if (!done)
    return done;
  auto removed = within.remove(tables_.marks, mark::pending_install);
  if (!removed)
    return base::fail(removed.error());
  return {};
}

base::status lmdb_log_store::drop_pending_install() {
  auto done = write(space::reserve, [&](auto& txn) -> base::status {
    auto removed = txn.remove(tables_.marks, mark::pending_install);
    if (!removed)
      return base::fail(removed.error());
    return {};
  });
  if (!done)
    return base::fail(done.error().within("drop a pending install"));
  outline_.pending_dropped();
  return {};
}

} // namespace storage
