// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/log_store.hpp"
#include "storage/state_machine.hpp"

/// Wrappers around real in-memory stores that fail when told to, and write down what was
/// asked of them in which order.
namespace test_support {

/// What a store was asked, and which answers it must give instead of the real one.
struct fault_script {
  /// Both stores of a fixture write into one, so that their order shows.
  std::shared_ptr<std::vector<std::string>> journal = std::make_shared<std::vector<std::string>>();
  std::deque<base::error> next_failures; ///< consumed by the next writes

  base::status on_write(std::string what) {
    journal->push_back(std::move(what));
    if (next_failures.empty())
      return {};
    auto failure = next_failures.front();
    next_failures.pop_front();
    return base::fail(failure);
  }
};

class faulty_log_store final : public storage::log_store {
public:
  faulty_log_store(std::unique_ptr<log_store> inner, std::shared_ptr<fault_script> script)
    : inner_(std::move(inner)), script_(std::move(script)) {}

  const storage::log_state& state() const override { return inner_->state(); }
  base::status append(const storage::log_batch& batch) override {
    if (auto told = script_->on_write("append"); !told)
      return told;
    return inner_->append(batch);
  }
  base::result<std::vector<raft::entry>> read(raft::log_index first, raft::log_index last,
                                              std::size_t bytes_max) override {
    return inner_->read(first, last, bytes_max);
  }
  base::status repair(const std::vector<raft::entry>& entries) override {
    return inner_->repair(entries);
  }
  base::status set_checkpoint_started(raft::log_index index) override {
    if (auto told = script_->on_write("checkpoint started"); !told)
      return told;
    return inner_->set_checkpoint_started(index);
  }
  base::status set_checkpoint_completed(raft::log_index index) override {
    if (auto told = script_->on_write("checkpoint completed"); !told)
      return told;
    return inner_->set_checkpoint_completed(index);
  }
  base::status reset_checkpoints() override { return inner_->reset_checkpoints(); }
  base::result<raft::snapshot_point> compact(raft::log_index up_to, std::uint64_t entries_kept,
                                             std::uint64_t bytes_kept) override {
    return inner_->compact(up_to, entries_kept, bytes_kept);
  }
  base::status set_pending_install(const storage::pending_install& pending) override {
    return inner_->set_pending_install(pending);
  }
  base::status finish_pending_install() override { return inner_->finish_pending_install(); }
  base::status drop_pending_install() override { return inner_->drop_pending_install(); }
  storage::log_sizes sizes() const override { return inner_->sizes(); }

private:
  std::unique_ptr<log_store> inner_;
  std::shared_ptr<fault_script> script_;
};

/// Says that it has a WAL, so that the conversation about checkpoints can be had.
class faulty_state_machine final : public storage::state_machine {
public:
  faulty_state_machine(std::unique_ptr<state_machine> inner, std::shared_ptr<fault_script> script)
    : inner_(std::move(inner)), script_(std::move(script)) {}

  const storage::state_meta& meta() const override { return inner_->meta(); }
  const storage::identity& identity() const override { return inner_->identity(); }
  base::result<std::vector<storage::command_result>> apply(
      const std::vector<raft::entry>& entries, const storage::log_watermark& watermark) override {
    if (auto told = script_->on_write("apply"); !told)
      return base::fail(told.error());
    return inner_->apply(entries, watermark);
  }
  base::status record_outvoted(const raft::state_outvote& what) override {
    if (auto told = script_->on_write("record outvoted"); !told)
      return told;
    return inner_->record_outvoted(what);
  }
  base::result<std::unique_ptr<storage::state_reader>> open_reader() override {
    return inner_->open_reader();
  }
  bool has_wal() const override { return true; }
  storage::wal_status wal() const override { return {}; }
  base::result<storage::checkpoint_report> checkpoint(storage::checkpoint_mode) override {
    if (auto told = script_->on_write("checkpoint"); !told)
      return base::fail(told.error());
    storage::checkpoint_report report;
    report.frames_in_wal = 7;
    report.frames_copied = 7;
    report.wal_bytes_before = 7 * 4120;
    report.is_complete = true;
    return report;
  }
  base::result<bool> restart_wal() override {
    if (auto told = script_->on_write("restart wal"); !told)
      return base::fail(told.error());
    return true;
  }
  std::unique_ptr<storage::snapshot_source> open_snapshots() override {
    return inner_->open_snapshots();
  }
  base::status give_up() override {
    if (auto told = script_->on_write("give up"); !told)
      return told;
    return inner_->give_up();
  }
  base::result<std::optional<storage::state_digest>> verify_rows(
      const std::function<bool()>& keep_going) override {
    return inner_->verify_rows(keep_going);
  }
  std::uint64_t file_bytes() const override { return 0; }

private:
  std::unique_ptr<state_machine> inner_;
  std::shared_ptr<fault_script> script_;
};

} // namespace test_support
