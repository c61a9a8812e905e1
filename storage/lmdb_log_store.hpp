// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/lmdb_env.hpp"
#include "storage/lmdb_log_tables.hpp"
#include "storage/log_outline.hpp"
#include "storage/log_scan.hpp"
#include "storage/log_seed.hpp"
#include "storage/log_store.hpp"

namespace storage {

struct lmdb_log_options {
  std::string path; ///< raft-log.lmdb
  std::uint64_t map_bytes = lmdb_map_bytes_default;
  log_verification verification = log_verification::everything;
  /// Open a log whose only faults are entries that can be repaired from a peer (INV-47).
  bool accepts_damage = false;
  commit_fault fault; ///< empty: none
};

/// The log in one LMDB file (docs/on_disk.md). Every write is one transaction with one
/// sync; what is read was verified after it left the map.
class lmdb_log_store final : public log_store {
public:
  /// Makes a new log: under a temporary name, filled, then renamed (INV-38). A leftover of
  /// an earlier try is replaced. Errors: `invalid` when the log exists; `storage_full`; `io`.
  static base::status create(const lmdb_log_options& options, const log_seed& seed);

  /// Opens and verifies an existing log; nothing is repaired. Errors: `not_found`;
  /// `incompatible` for another format; `corrupt`, naming rule and index; `locked`; `io`.
  static base::result<std::unique_ptr<lmdb_log_store>> open(const lmdb_log_options& options);

  const log_state& state() const override { return outline_.state(); }
  base::status append(const log_batch& batch) override;
  base::result<std::vector<raft::entry>> read(raft::log_index first, raft::log_index last,
                                              std::size_t bytes_max) override;
  base::status repair(const std::vector<raft::entry>& entries) override;
  base::status set_checkpoint_started(raft::log_index index) override;
  base::status set_checkpoint_completed(raft::log_index index) override;
  base::status reset_checkpoints() override;
  base::result<raft::snapshot_point> compact(raft::log_index up_to, std::uint64_t entries_kept,
                                             std::uint64_t bytes_kept) override;
  base::status set_pending_install(const pending_install& pending) override;
  base::status finish_pending_install() override;
  base::status drop_pending_install() override;
  log_sizes sizes() const override;

private:
  using work = std::function<base::status(lmdb_transaction&)>;
  enum class space { normal, reserve };

  lmdb_log_store(std::unique_ptr<lmdb_environment> environment, log_tables tables, log_scan scan);

  const base::uuid& uuid() const { return state().identity.log_uuid; }
  base::status write(space from, const work& what);
  base::status write_once(const work& what);
  template <class Value>
  base::status put_mark(lmdb_transaction& within, std::string_view name, const Value& value) {
    return put_log_mark(within, tables_, name, value, uuid());
  }
  base::status put_checkpoints(raft::log_index started, raft::log_index completed);

  base::result<raft::chain_hash> chain_at(raft::log_index index);
  base::status check_fits(const std::vector<raft::entry>& entries);
  base::status verify_again();
  base::result<bool> holds(const raft::snapshot_point& point);
  base::status put_batch(lmdb_transaction& within, const log_batch& batch);
  /// Removes entries of [first, last] that exist; adds the bytes removed.
  base::status remove_entries(lmdb_transaction& within, raft::log_index first, raft::log_index last,
                              std::uint64_t& bytes_removed);
  base::result<std::uint64_t> count_kept(std::uint64_t entries_max, std::uint64_t bytes_max);
  base::status compact_to(raft::log_index target);
  base::status compact_step(raft::log_index target);
  base::status put_install(lmdb_transaction& within, const raft::snapshot_point& point,
                           const raft::hard_state& next);

  std::unique_ptr<lmdb_environment> environment_;
  log_tables tables_;
  std::uint64_t entry_bytes_;
  log_outline outline_;
  std::optional<base::error> latched_;
};

} // namespace storage
