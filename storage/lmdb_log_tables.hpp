// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "storage/lmdb_transaction.hpp"
#include "storage/log_mark_codec.hpp"
#include "storage/log_outline.hpp"
#include "storage/log_store.hpp"

/// The log's tables within a transaction of its LMDB file: what the store and the readers
/// of a closed log share. Layout in docs/on_disk.md.
namespace storage {

/// Entries by index, and marks by name.
struct log_tables {
  lmdb_table entries;
  lmdb_table marks;
};

/// Errors: `corrupt` when a table is missing and `create` is false.
base::result<log_tables> open_log_tables(lmdb_transaction& within, bool create);

/// All marks, each with its seal intact.
struct log_marks {
  storage::identity identity;
  raft::hard_state hard_state;
  raft::snapshot_point snapshot;
  log_codec::checkpoint_marks checkpoints;
  std::optional<storage::pending_install> pending;
  std::uint64_t write_counter = 0;
};

/// Errors: `incompatible` for another format of the store, naming both; `corrupt`, naming
/// the mark, for a broken seal or a missing mark.
base::result<log_marks> load_log_marks(lmdb_transaction& within, const log_tables& tables);

/// Writes one mark, sealed.
template <class Value>
base::status put_log_mark(lmdb_transaction& within, const log_tables& tables, std::string_view name,
                          const Value& value, const base::uuid& log_uuid) {
  return within.put(tables.marks, name, log_codec::seal(name, log_codec::encode(value), log_uuid));
}

/// One entry, checked. Errors: `corrupt`, naming the index, also when it is missing.
base::result<raft::entry> load_log_entry(const lmdb_transaction& within, const log_tables& tables,
                                         raft::log_index index, const base::uuid& log_uuid);

} // namespace storage
