// SPDX-License-Identifier: Apache-2.0
#include "actors/storage_writer.hpp"

#include <chrono>

#include <caf/typed_event_based_actor.hpp>

#include "actors/traced.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::raft::storage_sqlite";
constexpr std::chrono::milliseconds apply_retry{250};
constexpr std::chrono::milliseconds wal_restart_retry{100};

double seconds_since(std::uint64_t began_ns) {
  return static_cast<double>(now_ns() - began_ns) / 1e9;
}

class storage_writer : public traced<storage_writer_handle::base> {
public:
  storage_writer(caf::actor_config& config, const actor_context& context,
                 std::shared_ptr<actor_stats> stats, generation life,
                 storage_writer_settings settings)
    : traced(config, context.registry, std::move(stats)), context_(context), life_(life),
      settings_(std::move(settings)), log_writer_(context.where->get().log_writer) {}

  behavior_type make_behavior() override {
    return {
        [this](begin) { return on_begin(); },
        [this](get_state_meta) {
          return state_meta_reply{std::make_shared<storage::state_meta>(machine_->meta())};
        },
        [this](const apply& what) { on_apply(what); },
        [this](const run_checkpoint& what) { on_run_checkpoint(what); },
        [this](open_readers what) { return on_open_readers(what); },
        [this](tick) { retry(); },
    };
  }

  void on_exit() override {
    machine_.reset();
    log_writer_ = nullptr;
    raft_ = nullptr;
  }

private:
  caf::result<begun> on_begin() {
    auto opened = settings_.open();
    if (!opened)
      return caf::make_error(caf::sec::runtime_error, to_string(opened.error()));
    machine_ = std::move(*opened);
    status_.has_wal = machine_->has_wal();
    status_.is_verified = settings_.was_verified();
    publish();
    return begun{};
  }

  // -- apply ------------------------------------------------------------------------

  void on_apply(const apply& what) {
    if (what.life != life_)
      return;
    raft_ = caf::actor_cast<raft_handle>(current_sender());
    waiting_ = what;
    apply_waiting();
  }

  void apply_waiting() {
    auto began = now_ns();
    auto results = machine_->apply(*waiting_->entries, waiting_->watermark);
    if (!results && can_pass(results.error().code)) {
      wait_out(results.error());
      return;
    }
    require(results, "apply to the state machine");
    context_.metrics->sqlite_write_latency_seconds.Observe(seconds_since(began));
    context_.metrics->apply_batch_entries.Observe(static_cast<double>(waiting_->entries->size()));
    auto first = waiting_->entries->front().id.index;
    waiting_.reset();
    // The WAL went on instead of beginning anew: the next checkpoint has to come first.
    wal_restart_is_due_ = false;
    end_trouble();
    send(raft_,
         applied{life_, first,
                 std::make_shared<std::vector<storage::command_result>>(std::move(*results))});
    publish();
  }

  static bool can_pass(base::errc code) {
    return code == base::errc::storage_full || code == base::errc::busy;
  }

  void wait_out(const base::error& why) {
    auto is_full = why.code == base::errc::storage_full;
    if (status_.trouble.empty()) {
      base::log::error(target,
                       is_full ? "no space to apply; waiting for it to return"
                               : "database is locked by another process; waiting",
                       {{"reason", why.text}});
      status_.since = std::chrono::steady_clock::now();
    }
    status_.trouble = why.text;
    status_.is_full = is_full;
    publish();
    send(raft_,
         apply_stuck{life_, is_full ? failure_code::storage_full : failure_code::storage_busy,
                     why.text});
    delayed_send(this, apply_retry, tick{});
  }

  void end_trouble() {
    if (!status_.trouble.empty())
      base::log::info(target, "applying again");
    status_.trouble.clear();
    status_.is_full = false;
  }

  void retry() {
    if (waiting_)
      apply_waiting();
    if (wal_restart_is_due_)
      restart_wal();
  }

  // -- checkpoint -------------------------------------------------------------------
  // Between the started mark and the end nothing is applied: `await` holds every other
  // message back until the log writer has answered (INV-92).

  void on_run_checkpoint(const run_checkpoint& what) {
    auto index = machine_->meta().last_applied.index;
    request(log_writer_, caf::infinite, mark_checkpoint{index, false})
        .await([this, what, index](checkpoint_marked) { copy_wal(what, index); },
               [this, what](caf::error& why) {
                 end_checkpoint(what, refused(failure_code::storage_full, system().render(why)));
               });
  }

  void copy_wal(const run_checkpoint& what, raft::log_index index) {
    if (!machine_->has_wal()) {
      complete(what, index,
               tl::unexpected(failure{failure_code::unsupported,
                                      commit_status::no,
                                      "this storage backend has no WAL",
                                      0,
                                      0,
                                      {}}));
      return;
    }
    auto began = now_ns();
    auto report = machine_->checkpoint(what.mode);
    if (!report && can_pass(report.error().code)) {
      end_checkpoint(what,
                     refused(report.error().code == base::errc::busy ? failure_code::blocked
                                                                     : failure_code::storage_full,
                             report.error().text));
      return;
    }
    require(report, "checkpoint the database");
    record(*report, seconds_since(began));
    auto how = outcome_of(*report);
    if (report->is_complete)
      complete(what, index, how);
    else
      end_checkpoint(what, how);
  }

  static answer<checkpoint_done> outcome_of(const storage::checkpoint_report& report) {
    if (!report.is_blocked)
      return checkpoint_done{report.frames_copied, report.wal_bytes_before, report.wal_bytes_after};
    return refused(failure_code::blocked, report.blocked_by.empty()
                                              ? "a read transaction of another connection"
                                              : report.blocked_by);
  }

  void complete(const run_checkpoint& what, raft::log_index index,
                const answer<checkpoint_done>& how) {
    request(log_writer_, caf::infinite, mark_checkpoint{index, true})
        .await(
            [this, what, index, how](checkpoint_marked) {
              wal_restart_is_due_ = machine_->has_wal();
              restart_wal();
              send(context_.where->get().raft, checkpoint_finished{life_, index});
              end_checkpoint(what, how);
            },
            [this, what](caf::error& why) {
              end_checkpoint(what, refused(failure_code::storage_full, system().render(why)));
            });
  }

  /// One small commit; again until the WAL begins anew (two stores, one truth: rule 11).
  void restart_wal() {
    if (!wal_restart_is_due_)
      return;
    auto restarted = machine_->restart_wal();
    if (!restarted && !can_pass(restarted.error().code))
      require(restarted, "restart the WAL");
    wal_restart_is_due_ = !restarted || !*restarted;
    if (wal_restart_is_due_)
      delayed_send(this, wal_restart_retry, tick{});
    publish();
  }

  void record(const storage::checkpoint_report& report, double seconds) {
    context_.metrics->sqlite_checkpoint_duration_seconds.Observe(seconds);
    context_.metrics->sqlite_checkpoints_total.Increment();
    context_.metrics->sqlite_checkpoint_pages_total.Increment(
        static_cast<double>(report.frames_copied));
    status_.last_checkpoint = report;
    base::log::debug(target,
                     report.is_complete ? "WAL checkpoint completed" : "WAL checkpoint incomplete",
                     {{"pages", report.frames_copied},
                      {"duration_ms", static_cast<std::uint64_t>(seconds * 1000)}});
  }

  static answer<checkpoint_done> refused(failure_code code, std::string why) {
    return tl::unexpected(
        failure{code, commit_status::no, std::move(why), 0, 0, std::chrono::seconds(1)});
  }

  void end_checkpoint(const run_checkpoint& what, const answer<checkpoint_done>& how) {
    publish();
    what.reply.answer_with(how);
    if (auto scheduler = context_.where->get().checkpoint_scheduler)
      send(scheduler, checkpoint_ended{});
  }

  // -- readers ----------------------------------------------------------------------

  caf::result<readers_opened> on_open_readers(open_readers what) {
    readers_opened opened;
    for (std::size_t i = 0; i < what.count; ++i) {
      auto reader = machine_->open_reader();
      if (!reader)
        return caf::make_error(caf::sec::runtime_error, to_string(reader.error()));
      opened.readers.push_back(std::move(*reader));
    }
    return opened;
  }

  template <class Outcome>
  void require(const Outcome& outcome, const char* doing) {
    if (outcome)
      return;
    auto why = to_string(outcome.error().within(doing));
    base::log::error(target, "the state machine failed", {{"reason", why}});
    throw storage_failure(why);
  }

  void publish() {
    status_.meta = machine_->meta();
    status_.file_bytes = machine_->file_bytes();
    if (status_.has_wal)
      status_.wal = machine_->wal();
    warn_of_large_wal();
    context_.board->publish(status_);
  }

  void warn_of_large_wal() {
    constexpr auto mebibyte = base::limits::mebibyte;
    auto is_large = status_.has_wal && status_.wal.bytes > settings_.wal_warning_bytes;
    if (is_large && !wal_was_large_)
      base::log::warn(target, "WAL file exceeds threshold",
                      {{"size_mb", status_.wal.bytes / mebibyte},
                       {"threshold_mb", settings_.wal_warning_bytes / mebibyte}});
    wal_was_large_ = is_large;
  }

  actor_context context_;
  generation life_;
  storage_writer_settings settings_;
  log_writer_handle log_writer_;
  raft_handle raft_;
  std::unique_ptr<storage::state_machine> machine_;
  std::optional<apply> waiting_;
  bool wal_restart_is_due_ = false;
  bool wal_was_large_ = false;
  storage_status status_;
};

} // namespace

storage_writer_handle start_storage_writer(caf::actor_system& system, const actor_context& context,
                                           generation life, storage_writer_settings settings) {
  auto handle = spawn_blocking<storage_writer>(system, context, "storage_writer", 4096, life,
                                               std::move(settings));
  context.where->change([&handle](directory::handles& all) { all.storage_writer = handle; });
  return handle;
}

} // namespace actors
