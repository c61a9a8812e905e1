// SPDX-License-Identifier: Apache-2.0
#include "storage/lost_state_machine.hpp"

#include "base/check.hpp"

namespace storage {

namespace {

base::error nothing_here() {
  return {base::errc::busy, "the state machine is lost; a snapshot is fetched from another server"};
}

class lost_reader final : public state_reader {
public:
  base::result<get_result> get(std::string_view) override { return base::fail(nothing_here()); }
  base::result<std::vector<get_result>> get_many(const std::vector<std::string>&) override {
    return base::fail(nothing_here());
  }
  base::result<scan_page> scan(const scan_request&) override { return base::fail(nothing_here()); }
  void interrupt() override {}
};

class lost_snapshots final : public snapshot_source {
public:
  base::result<snapshot_report> write(const std::string&, const snapshot_watch&) override {
    return base::fail(nothing_here());
  }
};

} // namespace

lost_state_machine::lost_state_machine(const storage::identity& identity) : identity_(identity) {
  meta_.chain = raft::chain_seed(identity.cluster_id);
}

base::result<std::vector<command_result>> lost_state_machine::apply(const std::vector<raft::entry>&,
                                                                    const log_watermark&) {
  BASE_CHECK(false, "INV-69: an entry is applied to a state machine that is lost");
  return base::fail(nothing_here());
}

base::status lost_state_machine::record_outvoted(const raft::state_outvote&) {
  BASE_CHECK(false, "INV-69: a state machine that is lost has no digest");
  return base::fail(nothing_here());
}

base::result<std::unique_ptr<state_reader>> lost_state_machine::open_reader() {
  return std::make_unique<lost_reader>();
}

base::result<checkpoint_report> lost_state_machine::checkpoint(checkpoint_mode) {
  return base::fail(nothing_here());
}

base::result<bool> lost_state_machine::restart_wal() {
  return base::fail(nothing_here());
}

std::unique_ptr<snapshot_source> lost_state_machine::open_snapshots() {
  return std::make_unique<lost_snapshots>();
}

base::result<std::optional<state_digest>> lost_state_machine::verify_rows(
    const std::function<bool()>&) {
  return base::fail(nothing_here());
}

} // namespace storage
