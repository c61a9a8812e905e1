// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/lmdb_env.hpp"
#include "storage/lmdb_log_tables.hpp"
#include "storage/log_store.hpp"

namespace storage {

/// Writes a log's file anew from what its owner hands out: every record as it stands there, and every
/// mark, the write counter too. The owner reads a piece at a time and goes on appending in between; what is
/// copied is the log as it was at the beginning, or nothing (INV-142). One thread.
class log_copy {
public:
  /// Begins a copy of the log that is in `state`. A file in the way is replaced.
  /// Errors: `storage_full`; `resource`; `io`.
  static base::result<std::unique_ptr<log_copy>> begin(const std::string& path, log_state state,
                                                       std::uint64_t map_bytes);
  ~log_copy();
  log_copy(const log_copy&) = delete;
  log_copy& operator=(const log_copy&) = delete;

  const log_state& state() const { return state_; }
  /// The entry that comes next; none when all have come.
  std::optional<raft::log_index> next() const;
  /// Requires: it begins with `next()`. What lies beyond the end of the copy is left out.
  /// Errors: `busy` when an entry does not follow from the one before: the log was changed meanwhile, begin
  /// again; `storage_full`; `io`.
  base::status append(const std::vector<raft::entry>& entries);
  /// Writes the marks and closes the file. Requires: all entries came. Errors: as `append`.
  base::status finish();

private:
  log_copy(std::string path, log_state state) : path_(std::move(path)), state_(std::move(state)) {}
  base::status open(std::uint64_t map_bytes);
  base::status commit();
  base::status put_marks();

  std::string path_;
  log_state state_;
  std::unique_ptr<lmdb_environment> environment_;
  std::optional<lmdb_transaction> within_;
  log_tables tables_;
  raft::entry_id last_;
  raft::chain_hash chain_;
  std::size_t bytes_uncommitted_ = 0;
};

} // namespace storage
