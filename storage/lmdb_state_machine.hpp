// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/entry_applier.hpp"
#include "storage/lmdb_env.hpp"
#include "storage/lmdb_state_file.hpp"
#include "storage/state_machine.hpp"

namespace storage {

struct lmdb_state_options {
  std::string path; ///< state-machine.lmdb
  std::uint64_t map_bytes = lmdb_map_bytes_default;
  commit_fault fault; ///< empty: none
};

/// The state machine in an LMDB file of its own (the `lmdb` backend). There is no WAL:
/// what was applied is in the file. Same rows, same digests as the others.
class lmdb_state_machine final : public state_machine {
public:
  /// Errors: `not_found`; `locked`; `incompatible`; `corrupt`; `resource`; `io`.
  static base::result<std::unique_ptr<lmdb_state_machine>> open(const lmdb_state_options& options);
  /// Makes the file and opens it. Requires: there is none at `options.path`.
  static base::result<std::unique_ptr<lmdb_state_machine>> create(
      const lmdb_state_options& options, const storage::identity& identity);

  const state_meta& meta() const override { return recorded_.replicated.meta; }
  const storage::identity& identity() const override { return identity_; }

  base::result<std::vector<command_result>> apply(const std::vector<raft::entry>& entries,
                                                  const log_watermark& watermark) override;
  row_changes* changes() override { return &changes_; }
  base::status record_outvoted(const raft::state_outvote& what) override;
  base::result<std::unique_ptr<state_reader>> open_reader() override;
  bool has_wal() const override { return false; }
  wal_status wal() const override { return {}; }
  /// Errors: `unsupported`, always.
  base::result<checkpoint_report> checkpoint(checkpoint_mode mode) override;
  base::result<bool> restart_wal() override;
  std::unique_ptr<snapshot_source> open_snapshots() override;
  base::status give_up() override;
  base::result<std::optional<state_digest>> verify_rows(
      const std::function<bool()>& keep_going) override;
  std::uint64_t file_bytes() const override;

private:
  lmdb_state_machine(lmdb_state_options options, std::shared_ptr<lmdb_environment> environment)
    : options_(std::move(options)), environment_(std::move(environment)) {}
  base::status load();
  base::result<std::vector<command_result>> apply_in_transaction(
      const std::vector<raft::entry>& entries, const std::vector<entry_effect>& effects,
      recorded_state& next);
  base::error note(base::error failure);

  lmdb_state_options options_;
  std::shared_ptr<lmdb_environment> environment_;
  lmdb_state_tables tables_;
  recorded_state recorded_;
  storage::identity identity_;
  std::shared_ptr<snapshot_gate> snapshots_ = std::make_shared<snapshot_gate>();
  std::optional<base::error> latch_;
  row_changes changes_;
};

} // namespace storage
