// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "storage/state_machine.hpp"

namespace storage {

/// Stands where a state machine is lost until a snapshot of another server takes its place
/// (two stores, one truth: rule 19). Holds nothing and leaves nothing on the disk, so that a
/// restart finds the state lost again. Reads are answered `busy`.
class lost_state_machine final : public state_machine {
public:
  explicit lost_state_machine(const storage::identity& identity);

  bool is_lost() const override { return true; }
  const state_meta& meta() const override { return meta_; }
  const storage::identity& identity() const override { return identity_; }
  /// Throws: nothing may be applied to what is not there (INV-69).
  base::result<std::vector<command_result>> apply(const std::vector<raft::entry>& entries,
                                                  const log_watermark& watermark) override;
  base::status record_outvoted(const raft::state_outvote& what) override;
  base::result<std::unique_ptr<state_reader>> open_reader() override;
  bool has_wal() const override { return false; }
  wal_status wal() const override { return {}; }
  base::result<checkpoint_report> checkpoint(checkpoint_mode mode) override;
  base::result<bool> restart_wal() override;
  std::unique_ptr<snapshot_source> open_snapshots() override;
  base::status give_up() override { return {}; }
  base::result<std::optional<state_digest>> verify_rows(
      const std::function<bool()>& keep_going) override;
  std::uint64_t file_bytes() const override { return 0; }

private:
  storage::identity identity_;
  state_meta meta_;
};

} // namespace storage
