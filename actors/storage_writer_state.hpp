// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include <caf/typed_event_based_actor.hpp>

#include "actors/storage_writer.hpp"
#include "actors/traced.hpp"
#include "base/log.hpp"

namespace actors {

/// The storage writer's inside, for the storage_writer*.cpp files alone: life, apply and
/// readers in storage_writer.cpp, checkpoints in storage_writer_checkpoint.cpp, the install
/// of snapshots in storage_writer_install.cpp.
class storage_writer : public traced<storage_writer_handle::base> {
public:
  storage_writer(caf::actor_config& config, const actor_context& context,
                 std::shared_ptr<actor_stats> stats, generation life,
                 storage_writer_settings settings);

  behavior_type make_behavior() override;
  void on_exit() override;

protected:
  void describe_state(figure_list& out) const override;

private:
  static constexpr auto target = "aspen::raft::storage_sqlite";

  // storage_writer.cpp
  caf::result<begun> on_begin();
  void on_apply(const apply& what);
  void apply_waiting();
  base::result<std::vector<storage::command_result>> commit_waiting();
  bool make_room();
  void on_record_outvoted(const record_outvoted& what);
  void record_outvoted_state();
  static bool can_pass(base::errc code);
  void wait_out(const base::error& why);
  void end_trouble();
  void retry();
  row_changes_taken on_take_row_changes(take_row_changes what);
  caf::result<readers_opened> on_open_readers(open_readers what);
  base::result<readers_opened> open(std::size_t count);
  void publish();
  void warn_of_large_wal();
  void tell_of_growth();
  bool has_to_cut_first() const;

  // storage_writer_checkpoint.cpp
  void on_run_checkpoint(const run_checkpoint& what);
  void copy_wal(const run_checkpoint& what, raft::log_index index);
  base::result<storage::checkpoint_report> run(storage::checkpoint_mode mode);
  void complete(const run_checkpoint& what, raft::log_index index,
                const answer<checkpoint_done>& how);
  void restart_wal();
  void record(const storage::checkpoint_report& report, double seconds);
  void end_checkpoint(const run_checkpoint& what, const answer<checkpoint_done>& how);

  // storage_writer_install.cpp
  void on_install_pending(const install_pending& what);
  void begin_install();
  void mark_fold();
  void close_pool();
  void swap();
  void finish_install_step();
  void end_install(const storage::log_state& log);
  void install_later(const std::string& why);
  void reopen_pool();

  /// What must not be retried in place ends the actor.
  template <class Outcome>
  void require(const Outcome& outcome, const char* doing) {
    if (outcome)
      return;
    auto why = to_string(outcome.error().within(doing));
    base::log::error(target, "the state machine failed", {{"reason", why}});
    if (outcome.error().code == base::errc::corrupt)
      context_.board->suspect(why);
    throw storage_failure(why);
  }
  static double seconds_since(std::uint64_t began_ns) {
    return static_cast<double>(now_ns() - began_ns) / 1e9;
  }

  actor_context context_;
  generation life_;
  storage_writer_settings settings_;
  log_writer_handle log_writer_;
  raft_handle raft_;
  std::unique_ptr<storage::state_machine> machine_;
  std::optional<apply> waiting_;
  std::optional<raft::state_outvote> outvoted_; ///< to be recorded
  bool wal_restart_is_due_ = false;
  storage::pending_install pending_; ///< what is being installed
  bool install_is_due_ = false;
  std::string install_trouble_; ///< what the log was last told
  bool wal_was_large_ = false;
  std::uint64_t wal_frames_told_ = 0;
  storage_status status_;
};

} // namespace actors
