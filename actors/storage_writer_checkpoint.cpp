// SPDX-License-Identifier: Apache-2.0
#include "actors/storage_writer_state.hpp"

namespace actors {

namespace {

constexpr std::chrono::milliseconds wal_restart_retry{100};

answer<checkpoint_done> refused(failure_code code, std::string why) {
  return tl::unexpected(
      failure{code, commit_status::no, std::move(why), 0, 0, std::chrono::seconds(1)});
}

answer<checkpoint_done> outcome_of(const storage::checkpoint_report& report) {
  if (!report.is_blocked)
    return checkpoint_done{report.frames_copied, report.wal_bytes_before, report.wal_bytes_after};
  return refused(failure_code::blocked, report.blocked_by.empty()
                                            ? "a read transaction of another connection"
                                            : report.blocked_by);
}

} // namespace

// -- checkpoint -------------------------------------------------------------------
// Between the started mark and the end nothing is applied: `await` holds every other
// message back until the log writer has answered (INV-92).

void storage_writer::on_run_checkpoint(const run_checkpoint& what) {
  if (machine_->is_lost())
    return end_checkpoint(what, refused(failure_code::unavailable, "the state machine is lost"));
  auto index = machine_->meta().last_applied.index;
  request(log_writer_, caf::infinite, mark_checkpoint{index, false})
      .await([this, what, index](checkpoint_marked) { copy_wal(what, index); },
             [this, what](caf::error& why) {
               end_checkpoint(what, refused(failure_code::storage_full, system().render(why)));
             });
}

void storage_writer::copy_wal(const run_checkpoint& what, raft::log_index index) {
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
  auto report = run(what.mode);
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

base::result<storage::checkpoint_report> storage_writer::run(storage::checkpoint_mode mode) {
  auto span = tracer().work("checkpoint", machine_->wal().frames);
  auto report = machine_->checkpoint(mode);
  if (!report && report.error().code == base::errc::storage_full && make_room())
    report = machine_->checkpoint(mode);
  return report;
}

void storage_writer::complete(const run_checkpoint& what, raft::log_index index,
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
void storage_writer::restart_wal() {
  if (!wal_restart_is_due_)
    return;
  auto restarted = [this] {
    auto span = tracer().work("WAL restart", 0);
    return machine_->restart_wal();
  }();
  if (!restarted && !can_pass(restarted.error().code))
    require(restarted, "restart the WAL");
  wal_restart_is_due_ = !restarted || !*restarted;
  if (wal_restart_is_due_)
    delayed_send(this, wal_restart_retry, tick{});
  publish();
}

void storage_writer::record(const storage::checkpoint_report& report, double seconds) {
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

void storage_writer::end_checkpoint(const run_checkpoint& what,
                                    const answer<checkpoint_done>& how) {
  publish();
  what.reply.answer_with(how);
  if (auto scheduler = context_.where->get().checkpoint_scheduler)
    send(scheduler, checkpoint_ended{});
}

} // namespace actors
