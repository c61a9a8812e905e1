// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <vector>

#include "storage/digest.hpp"
#include "storage/state_machine.hpp"

namespace storage {

/// The state machine in memory, for tests and the `inmemory` backend: nothing survives
/// the process, and nothing here waits for a disk. Same rows, same digests as the others.
class memory_state_machine final : public state_machine {
public:
  /// An empty state of the identity's cluster.
  explicit memory_state_machine(const storage::identity& identity);

  const state_meta& meta() const override { return contents_->meta; }
  const storage::identity& identity() const override { return identity_; }

  base::result<std::vector<command_result>> apply(const std::vector<raft::entry>& entries,
                                                  const log_watermark& watermark) override;
  base::result<std::unique_ptr<state_reader>> open_reader() override;
  bool has_wal() const override { return false; }
  wal_status wal() const override { return {}; }
  /// Errors: `unsupported`, always.
  base::result<checkpoint_report> checkpoint(checkpoint_mode mode) override;
  base::result<bool> restart_wal() override;
  /// Errors: `unsupported`, always: there is no file that could be a snapshot.
  base::result<snapshot_report> write_snapshot(const std::string& path) override;
  base::result<std::optional<state_digest>> verify_rows(
      const std::function<bool()>& keep_going) override;
  /// Zero: there is no file.
  std::uint64_t file_bytes() const override { return 0; }

  struct stored_row {
    base::bytes value;
    row_mark mark;
    state_digest digest;
  };
  /// What readers share with the writer. The lock is held for one whole batch.
  struct contents {
    std::shared_mutex guard;
    std::map<std::string, stored_row, std::less<>> rows;
    state_meta meta;
  };

private:
  storage::identity identity_;
  log_watermark watermark_;
  std::shared_ptr<contents> contents_;
};

} // namespace storage
