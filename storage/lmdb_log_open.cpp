// SPDX-License-Identifier: Apache-2.0
// How a log comes into being, and how it is found again.
#include <filesystem>

#include "storage/files.hpp"
#include "storage/lmdb_log_store.hpp"
#include "storage/log_codec.hpp"

namespace storage {

using base::errc;
namespace mark = log_codec::mark;

namespace {

constexpr auto lock_suffix = "-lock"; // LMDB's, with MDB_NOSUBDIR

base::status remove_environment(const std::string& path) {
  if (auto removed = durable_remove(path); !removed)
    return removed;
  return durable_remove(path + lock_suffix);
}

/// The outline's marks and the seed's entries, in the transaction that makes the tables.
base::status fill(lmdb_transaction& txn, const log_seed& seed, const log_state& state) {
  auto tables = open_log_tables(txn, true);
  if (!tables)
    return base::fail(tables.error());
  const auto& uuid = state.identity.log_uuid;
  for (const auto& entry : seed.entries)
    if (auto put = txn.append(tables->entries, log_codec::encode_key(entry.id.index),
                              log_codec::encode_entry(entry, uuid));
        !put)
      return put;
  auto done = put_log_mark(txn, *tables, mark::format, log_codec::store_format, {});
  if (done)
    done = put_log_mark(txn, *tables, mark::identity, state.identity, {});
  if (done)
    done = put_log_mark(txn, *tables, mark::hard_state, state.hard_state, uuid);
  if (done)
    done = put_log_mark(txn, *tables, mark::snapshot_point, state.snapshot, uuid);
  if (done)
    done = put_log_mark(
        txn, *tables, mark::checkpoints,
        log_codec::checkpoint_marks{state.checkpoint_started, state.checkpoint_completed}, uuid);
  if (done)
    done = put_log_mark(txn, *tables, mark::write_counter, state.write_counter, uuid);
  return done;
}

base::status write_new(const lmdb_log_options& options, const std::string& path,
                       const log_seed& seed) {
  auto environment =
      lmdb_environment::open({path, lmdb_access::create, options.map_bytes, options.fault});
  if (!environment)
    return base::fail(environment.error());
  auto txn = (*environment)->begin_write();
  if (!txn)
    return base::fail(txn.error());
  if (auto filled = fill(*txn, seed, outline_of(seed).state()); !filled)
    return filled;
  return txn->commit();
}

} // namespace

base::status lmdb_log_store::create(const lmdb_log_options& options, const log_seed& seed) {
  auto doing = "create log " + options.path;
  auto unfinished = options.path + ".new";
  if (std::filesystem::exists(options.path))
    return base::fail(errc::invalid, doing + ": it exists");
  auto done = remove_environment(unfinished);
  if (done)
    done = write_new(options, unfinished, seed);
  if (done)
    done = durable_remove(unfinished + lock_suffix);
  if (done)
    done = durable_rename_new(unfinished, options.path);
  if (!done)
    return base::fail(done.error().within(doing));
  return {};
}

base::result<std::unique_ptr<lmdb_log_store>> lmdb_log_store::open(
    const lmdb_log_options& options) {
  auto doing = "open log " + options.path;
  auto environment = lmdb_environment::open(
      {options.path, lmdb_access::existing, options.map_bytes, options.fault});
  if (!environment)
    return base::fail(environment.error().within("open log"));
  auto txn = (*environment)->begin_read();
  if (!txn)
    return base::fail(txn.error().within(doing));
  auto tables = open_log_tables(*txn, false);
  if (!tables)
    return base::fail(tables.error().within(doing));
  auto scan = scan_log(*txn, *tables, options.verification);
  if (!scan)
    return base::fail(scan.error().within(doing));
  if (!scan->faults.empty() && !(options.accepts_damage && is_repairable(*scan))) {
    const auto& first = scan->faults.front();
    return base::fail(first.code, doing + ": " + first.rule + ": " + first.text);
  }
  // A table's handle outlives the transaction that opened it only when that commits.
  if (auto kept = txn->commit(); !kept)
    return base::fail(kept.error().within(doing));
  return std::unique_ptr<lmdb_log_store>(
      new lmdb_log_store(std::move(*environment), *tables, std::move(*scan)));
}

} // namespace storage
