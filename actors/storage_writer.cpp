// SPDX-License-Identifier: Apache-2.0
#include "actors/storage_writer.hpp"

#include <chrono>

#include "actors/checkpoint_policy.hpp"
#include "actors/storage_writer_state.hpp"
#include "base/limits.hpp"
#include "storage/digest_text.hpp"

namespace actors {

namespace {

constexpr std::chrono::milliseconds apply_retry{250};
/// Between two pages of the scanner; beyond, it does without the sum.
constexpr std::size_t row_changes_max = 65536;

} // namespace

storage_writer::storage_writer(caf::actor_config& config, const actor_context& context,
                               std::shared_ptr<actor_stats> stats, generation life,
                               storage_writer_settings settings)
  : traced(config, context.registry, std::move(stats)), context_(context), life_(life),
    settings_(std::move(settings)), log_writer_(context.where->get().log_writer) {}

storage_writer::behavior_type storage_writer::make_behavior() {
  return {
      [this](begin) { return on_begin(); },
      [this](get_state_meta) {
        return state_meta_reply{std::make_shared<storage::state_meta>(machine_->meta()),
                                machine_->is_lost()};
      },
      [this](take_row_changes what) { return on_take_row_changes(what); },
      [this](const apply& what) { on_apply(what); },
      [this](const record_outvoted& what) { on_record_outvoted(what); },
      [this](const run_checkpoint& what) { on_run_checkpoint(what); },
      [this](open_readers what) { return on_open_readers(what); },
      [this](get_snapshot_source) { return snapshot_source_reply{machine_->open_snapshots()}; },
      [this](const install_pending& what) { on_install_pending(what); },
      [this](tick) { retry(); },
  };
}

void storage_writer::on_exit() {
  machine_.reset();
  log_writer_ = nullptr;
  raft_ = nullptr;
}

caf::result<begun> storage_writer::on_begin() {
  auto opened = settings_.open();
  if (!opened)
    return caf::make_error(caf::sec::runtime_error, to_string(opened.error()));
  machine_ = std::move(*opened);
  status_.has_wal = machine_->has_wal();
  status_.is_verified = settings_.was_verified();
  if (machine_->is_lost())
    base::log::warn(target, "state machine is lost; waiting for a snapshot from another server");
  publish();
  return begun{};
}

// -- apply ------------------------------------------------------------------------

void storage_writer::on_apply(const apply& what) {
  if (what.life != life_)
    return;
  raft_ = caf::actor_cast<raft_handle>(current_sender());
  waiting_ = what;
  if (!has_to_cut_first())
    return apply_waiting();
  on_run_checkpoint({storage::checkpoint_mode::truncate, {}});
  send(this, tick{}); // handled once that checkpoint has ended, however it did
}

/// What is committed needs space too: the WAL gives back its own before it grows (INV-150).
bool storage_writer::has_to_cut_first() const {
  return settings_.space && settings_.space->is_short() && machine_->has_wal()
         && machine_->wal().bytes > checkpoint_limits{}.short_of_space_bytes;
}

void storage_writer::apply_waiting() {
  auto began = now_ns();
  auto results = commit_waiting();
  if (!results && can_pass(results.error().code)) {
    wait_out(results.error());
    return;
  }
  require(results, "apply to the state machine");
  context_.metrics->sqlite_write_latency_seconds.Observe(seconds_since(began));
  context_.metrics->apply_batch_entries.Observe(static_cast<double>(waiting_->entries->size()));
  auto first = waiting_->entries->front().id.index;
  auto digest = machine_->meta().recorded_digest;
  if (digest && digest->index < first)
    digest.reset();
  waiting_.reset();
  // The WAL went on instead of beginning anew: the next checkpoint has to come first.
  wal_restart_is_due_ = false;
  end_trouble();
  send(raft_, applied{life_, first,
                      std::make_shared<std::vector<storage::command_result>>(std::move(*results)),
                      digest});
  publish();
  tell_of_growth();
}

base::result<std::vector<storage::command_result>> storage_writer::commit_waiting() {
  auto span = tracer().work("state commit", waiting_->entries->size());
  auto results = ASPEN_FAILPOINT_OR("storage_writer.apply",
                                    machine_->apply(*waiting_->entries, waiting_->watermark));
  if (!results && results.error().code == base::errc::storage_full && make_room())
    results = machine_->apply(*waiting_->entries, waiting_->watermark);
  if (!results)
    return results;
  const auto& last = machine_->meta().last_applied;
  tracer().note_with(trace::event_kind::durable, "state", {}, last.index.value, last.term.value);
  for (auto applied = tracer().steps("applied"); const auto& entry : *waiting_->entries)
    applied(entry.trace, entry.id.index.value);
  return results;
}

bool storage_writer::make_room() {
  return settings_.space && settings_.space->make_room();
}

// -- a state that the other replicas contradict ---------------------------------------

void storage_writer::on_record_outvoted(const record_outvoted& what) {
  if (what.life != life_)
    return;
  outvoted_ = what.what;
  record_outvoted_state();
}

/// Without the mark the group would start again on the same state: it ends when the mark is
/// durable, and the gate keeps it from starting (INV-29).
void storage_writer::record_outvoted_state() {
  auto recorded = machine_->record_outvoted(*outvoted_);
  if (!recorded && recorded.error().code == base::errc::storage_full && make_room())
    recorded = machine_->record_outvoted(*outvoted_);
  if (!recorded && recorded.error().code == base::errc::unsupported)
    return base::log::error(target, "the state is outvoted, and nothing can be recorded of it",
                            {{"reason", recorded.error().text}});
  if (!recorded && can_pass(recorded.error().code)) {
    delayed_send(this, apply_retry, tick{});
    return;
  }
  require(recorded, "record that the state is outvoted");
  throw storage_failure("INV-29: " + storage::text_of(*outvoted_));
}

bool storage_writer::can_pass(base::errc code) {
  return code == base::errc::storage_full || code == base::errc::busy;
}

void storage_writer::wait_out(const base::error& why) {
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
  send(raft_, apply_stuck{life_, is_full ? failure_code::storage_full : failure_code::storage_busy,
                          why.text});
  delayed_send(this, apply_retry, tick{});
}

void storage_writer::end_trouble() {
  if (!status_.trouble.empty())
    base::log::info(target, "applying again");
  status_.trouble.clear();
  status_.is_full = false;
}

void storage_writer::retry() {
  if (outvoted_)
    return record_outvoted_state();
  if (waiting_)
    apply_waiting();
  if (wal_restart_is_due_)
    restart_wal();
  if (std::exchange(install_is_due_, false))
    begin_install();
}

// -- what the scanner asks ---------------------------------------------------------

row_changes_taken storage_writer::on_take_row_changes(take_row_changes what) {
  row_changes_taken taken{nullptr, machine_->meta().last_applied.index, machine_->meta().digest};
  auto* noted = machine_->changes();
  if (noted == nullptr)
    return taken;
  if (what.what == take_row_changes::next::begin)
    noted->begin(row_changes_max);
  if (auto changes = noted->take())
    taken.changes = std::make_shared<std::vector<storage::row_change>>(std::move(*changes));
  if (what.what == take_row_changes::next::end)
    noted->end();
  return taken;
}

// -- readers ----------------------------------------------------------------------

caf::result<readers_opened> storage_writer::on_open_readers(open_readers what) {
  auto opened = open(what.count);
  if (!opened)
    return caf::make_error(caf::sec::runtime_error, to_string(opened.error()));
  return std::move(*opened);
}

base::result<readers_opened> storage_writer::open(std::size_t count) {
  readers_opened opened;
  for (std::size_t i = 0; i < count; ++i) {
    auto reader = machine_->open_reader();
    if (!reader)
      return base::fail(reader.error());
    opened.readers.push_back(std::move(*reader));
  }
  return opened;
}

void storage_writer::publish() {
  status_.meta = machine_->meta();
  status_.is_lost = machine_->is_lost();
  status_.file_bytes = machine_->file_bytes();
  if (status_.has_wal)
    status_.wal = machine_->wal();
  warn_of_large_wal();
  context_.board->publish(status_);
}

void storage_writer::describe_state(figure_list& out) const {
  const auto& applied = status_.meta.last_applied;
  out.add("last_applied", applied.index.value);
  out.add("last_applied_term", applied.term.value);
  out.add("entries_waiting", waiting_ ? waiting_->entries->size() : 0);
  out.add("file_bytes", status_.file_bytes);
  out.add("wal_bytes", status_.wal.bytes);
  out.add("wal_frames", status_.wal.frames);
  out.add("state_is_lost", status_.is_lost ? 1 : 0);
  out.add("is_installing", install_is_due_ ? 1 : 0);
  out.add("wal_restart_is_due", wal_restart_is_due_ ? 1 : 0);
  out.add_text("waits_for", status_.trouble.empty() ? "nothing"
                            : status_.is_full       ? "space"
                                                    : "the database");
  out.add("generation", life_);
}

void storage_writer::warn_of_large_wal() {
  constexpr auto mebibyte = base::limits::mebibyte;
  auto is_large = status_.has_wal && status_.wal.bytes > settings_.wal_warning_bytes;
  if (is_large && !wal_was_large_)
    base::log::warn(target, "WAL file exceeds threshold",
                    {{"size_mb", status_.wal.bytes / mebibyte},
                     {"threshold_mb", settings_.wal_warning_bytes / mebibyte}});
  wal_was_large_ = is_large;
}

/// Between two looks of the scheduler more may be written than a small disk has kept back.
void storage_writer::tell_of_growth() {
  constexpr std::uint64_t frames = base::limits::wal_growth_told_bytes / 4096;
  if (status_.wal.frames < wal_frames_told_)
    wal_frames_told_ = 0;
  if (status_.wal.frames < wal_frames_told_ + frames)
    return;
  wal_frames_told_ = status_.wal.frames;
  if (auto scheduler = context_.where->get().checkpoint_scheduler)
    send(scheduler, wal_grew{});
}

storage_writer_handle start_storage_writer(caf::actor_system& system, const actor_context& context,
                                           generation life, storage_writer_settings settings) {
  auto handle = spawn_blocking<storage_writer>(system, context, "storage_writer", 4096, life,
                                               std::move(settings));
  context.where->change([&handle](directory::handles& all) { all.storage_writer = handle; });
  return handle;
}

} // namespace actors
