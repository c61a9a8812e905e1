// SPDX-License-Identifier: Apache-2.0
#include "storage/lmdb_log_store.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "storage/log_codec.hpp"

namespace storage {

using base::errc;
namespace mark = log_codec::mark;

namespace {

bool has_command(const log_batch& batch) {
  return std::any_of(batch.entries.begin(), batch.entries.end(),
                     [](const auto& one) { return one.kind == raft::entry_kind::command; });
}

} // namespace

lmdb_log_store::lmdb_log_store(std::unique_ptr<lmdb_environment> environment, log_tables tables,
                               log_scan scan)
  : environment_(std::move(environment)), tables_(tables), entry_bytes_(scan.entry_bytes),
    outline_(outline_of(std::move(scan))) {}

// One transaction, one sync (INV-45), one step of the counter (INV-37). Whoever fails
// otherwise than for want of room leaves the disk's state unknown: nothing follows
// (INV-43), the owner ends and the log is read afresh.
base::status lmdb_log_store::write(space from, const work& what) {
  if (latched_)
    return base::fail(latched_->within("the log stopped after an earlier failure"));
  auto done = write_once(what);
  if (!done && done.error().code == errc::storage_full && from == space::reserve) {
    if (auto grown = environment_->use_reserve(true); !grown)
      return grown;
    done = write_once(what);
    if (auto back = environment_->use_reserve(false); !back)
      latched_ = back.error();
  }
  if (!done && done.error().code != errc::storage_full && done.error().code != errc::corrupt)
    latched_ = done.error();
  return done;
}

base::status lmdb_log_store::write_once(const work& what) {
  auto txn = environment_->begin_write();
  if (!txn)
    return base::fail(txn.error());
  if (auto done = what(*txn); !done)
    return done;
  if (auto done = put_mark(*txn, mark::write_counter, state().write_counter + 1); !done)
    return done;
  return txn->commit();
}

base::result<raft::chain_hash> lmdb_log_store::chain_at(raft::log_index index) {
  BASE_CHECK(index >= state().snapshot.id.index && index <= state().last.index,
             "INV-30: a batch continues the log");
  if (index == state().last.index)
    return state().last_chain;
  if (index == state().snapshot.id.index)
    return state().snapshot.chain;
  auto txn = environment_->begin_read();
  if (!txn)
    return base::fail(txn.error());
  auto entry = load_log_entry(*txn, tables_, index, uuid());
  if (!entry)
    return base::fail(entry.error());
  return entry->chain;
}

base::result<bool> lmdb_log_store::holds(const raft::snapshot_point& point) {
  auto index = point.id.index;
  if (index < state().snapshot.id.index || index > state().last.index
      || outline_.term_at(index) != point.id.term)
    return false;
  auto chain = chain_at(index);
  if (!chain)
    return base::fail(chain.error());
  return *chain == point.chain;
}

// A batch without commands keeps the node alive (a no-op, a vote, a commit index): it may
// draw on the reserve when the map is full.
base::status lmdb_log_store::append(const log_batch& batch) {
  if (latched_)
    return base::fail(latched_->within("the log stopped after an earlier failure"));
  auto chain_before = chain_at(outline_.index_before(batch));
  if (!chain_before)
    return base::fail(chain_before.error().within("append"));
  outline_.check_append(batch, *chain_before);
  std::uint64_t bytes_removed = 0;
  auto done = write(has_command(batch) ? space::normal : space::reserve, [&](auto& txn) {
    bytes_removed = 0;
    if (batch.truncate_from && *batch.truncate_from <= state().last.index)
      if (auto cut = remove_entries(txn, *batch.truncate_from, state().last.index, bytes_removed);
          !cut)
        return cut;
    return put_batch(txn, batch);
  });
  if (!done)
    return base::fail(done.error().within("append"));
  outline_.appended(batch, *chain_before);
  entry_bytes_ -= bytes_removed;
  for (const auto& entry : batch.entries)
    entry_bytes_ += log_codec::entry_overhead_bytes + entry.payload.size();
  return {};
}

base::status lmdb_log_store::put_batch(lmdb_transaction& within, const log_batch& batch) {
  for (const auto& entry : batch.entries)
    if (auto put = within.append(tables_.entries, log_codec::encode_key(entry.id.index),
                                 log_codec::encode_entry(entry, uuid()));
        !put)
      return put;
  if (batch.hard_state == state().hard_state)
    return {};
  return put_mark(within, mark::hard_state, batch.hard_state);
}

base::result<std::vector<raft::entry>> lmdb_log_store::read(raft::log_index first,
                                                            raft::log_index last,
                                                            std::size_t bytes_max) {
  if (latched_)
    return base::fail(latched_->within("the log stopped after an earlier failure"));
  if (auto inside = outline_.check_range(first, last); !inside)
    return base::fail(inside.error());
  auto chain = chain_at(first.previous());
  if (!chain)
    return base::fail(chain.error());
  auto txn = environment_->begin_read();
  if (!txn)
    return base::fail(txn.error());
  std::vector<raft::entry> found;
  std::size_t bytes = 0;
  for (auto index = first; index <= last; index = index.next()) {
    auto entry = load_log_entry(*txn, tables_, index, uuid());
    if (!entry)
      return base::fail(entry.error());
    *chain = raft::next_chain(*chain, entry->id, entry->kind, entry->payload.hash());
    if (entry->chain != *chain)
      return base::fail(errc::corrupt, "INV-34: entry " + std::to_string(index.value)
                                           + " does not follow from the one before");
    bytes += entry->payload.size();
    if (!found.empty() && bytes > bytes_max)
      break;
    found.push_back(std::move(*entry));
  }
  return found;
}

base::status lmdb_log_store::put_checkpoints(raft::log_index started, raft::log_index completed) {
  return write(space::reserve, [&](auto& txn) {
    return put_mark(txn, mark::checkpoints, log_codec::checkpoint_marks{started, completed});
  });
}

base::status lmdb_log_store::set_checkpoint_started(raft::log_index index) {
  outline_.check_checkpoint_started(index);
  if (auto done = put_checkpoints(index, state().checkpoint_completed); !done)
    return base::fail(done.error().within("record the start of a checkpoint"));
  outline_.checkpoint_started(index);
  return {};
}

base::status lmdb_log_store::set_checkpoint_completed(raft::log_index index) {
  outline_.check_checkpoint_completed(index);
  if (auto done = put_checkpoints(index, index); !done)
    return base::fail(done.error().within("record the end of a checkpoint"));
  outline_.checkpoint_completed(index);
  return {};
}

base::status lmdb_log_store::reset_checkpoints() {
  outline_.check_checkpoints_reset();
  if (auto done = put_checkpoints({}, {}); !done)
    return base::fail(done.error().within("forget the checkpoints"));
  outline_.checkpoints_reset();
  return {};
}

log_sizes lmdb_log_store::sizes() const {
  auto file = environment_->sizes();
  return {outline_.entry_count(), entry_bytes_, file.file_bytes, file.map_bytes};
}

} // namespace storage
