// SPDX-License-Identifier: Apache-2.0
// Damaged entries are never cut off: a peer's copies take their places (INV-47).
#include "storage/lmdb_log_store.hpp"
#include "storage/log_codec.hpp"

namespace storage {

using base::errc;

namespace {

std::string names(const std::vector<raft::entry>& entries) {
  return "entries " + std::to_string(entries.front().id.index.value) + " to "
         + std::to_string(entries.back().id.index.value);
}

} // namespace

// Chained to what stands before the damage and, where the run ends, leading to what stands
// behind it: then they are the entries that stood there.
base::status lmdb_log_store::check_fits(const std::vector<raft::entry>& entries) {
  const auto& run = state().damaged.front();
  auto chain = run.chain_before;
  auto index = run.first;
  for (const auto& each : entries) {
    chain = raft::next_chain(chain, each.id, each.kind, each.payload.hash());
    if (each.id.index != index || each.chain != chain)
      return base::fail(errc::invalid, names(entries) + " do not follow from entry "
                                           + std::to_string(run.first.previous().value));
    index = index.next();
  }
  if (index <= run.last || index > state().last.index)
    return {};
  auto txn = environment_->begin_read();
  if (!txn)
    return base::fail(txn.error());
  auto next = load_log_entry(*txn, tables_, index, uuid());
  if (!next)
    return base::fail(next.error());
  if (next->chain != raft::next_chain(chain, next->id, next->kind, next->payload.hash()))
    return base::fail(errc::invalid, names(entries) + " do not lead to entry "
                                         + std::to_string(index.value) + ", which stands here");
  return {};
}

base::status lmdb_log_store::repair(const std::vector<raft::entry>& entries) {
  if (latched_)
    return base::fail(latched_->within("the log stopped after an earlier failure"));
  outline_.check_repair(entries);
  if (auto fits = check_fits(entries); !fits)
    return base::fail(fits.error().within("repair"));
  auto done = write(space::reserve, [&](auto& txn) -> base::status {
    for (const auto& each : entries)
      if (auto put = txn.put(tables_.entries, log_codec::encode_key(each.id.index),
                             log_codec::encode_entry(each, uuid()));
          !put)
        return put;
    return {};
  });
  if (!done)
    return base::fail(done.error().within("repair"));
  outline_.repaired(entries);
  return state().damaged.empty() ? verify_again() : base::status{};
}

// What could not be read was guessed at until now: terms, members, the chain at the end.
base::status lmdb_log_store::verify_again() {
  auto txn = environment_->begin_read();
  if (!txn)
    return base::fail(txn.error().within("repair"));
  auto scan = scan_log(*txn, tables_, log_verification::everything);
  if (!scan)
    return base::fail(scan.error().within("repair"));
  if (!scan->faults.empty()) {
    const auto& first = scan->faults.front();
    return base::fail(first.code, std::string("repair: ") + first.rule + ": " + first.text);
  }
  entry_bytes_ = scan->entry_bytes;
  outline_ = outline_of(std::move(*scan));
  return {};
}

} // namespace storage
