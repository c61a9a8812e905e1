// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "storage/memory_snapshot.hpp"
#include "storage/state_machine.hpp"

namespace storage {

/// The state machine in memory, for tests and the `inmemory` backend: nothing survives
/// the process, and nothing here waits for a disk. Same rows, same digests as the others.
class memory_state_machine final : public state_machine {
public:
  /// An empty state of the identity's cluster.
  explicit memory_state_machine(const storage::identity& identity);
  /// The state of a snapshot, as a server's of that identity.
  memory_state_machine(const storage::identity& identity, memory_state state);

  const state_meta& meta() const override { return contents_->meta; }
  const storage::identity& identity() const override { return identity_; }

  base::result<std::vector<command_result>> apply(const std::vector<raft::entry>& entries,
                                                  const log_watermark& watermark) override;
  row_changes* changes() override { return &changes_; }
  /// Errors: `unsupported`, always.
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
  /// Zero: there is no file.
  std::uint64_t file_bytes() const override { return 0; }

  /// What readers share with the writer. The lock is held for one whole batch.
  struct contents {
    std::shared_mutex guard;
    memory_rows rows;
    state_meta meta;
  };

private:
  storage::identity identity_;
  log_watermark watermark_;
  std::shared_ptr<contents> contents_;
  bool is_given_up_ = false;
  row_changes changes_;
};

} // namespace storage
