// SPDX-License-Identifier: Apache-2.0
#include "actors/log_writer.hpp"

#include <chrono>

#include <caf/typed_event_based_actor.hpp>

#include "actors/traced.hpp"
#include "base/log.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::raft::storage_log";
constexpr std::chrono::milliseconds full_disk_retry{500};
/// Payload that a batch may hold to be written into what was kept back of a full disk.
constexpr std::size_t short_of_space_batch_bytes = std::size_t{64} * 1024;

class log_writer : public traced<log_writer_handle::base> {
public:
  log_writer(caf::actor_config& config, const actor_context& context,
             std::shared_ptr<actor_stats> stats, generation life, log_writer_settings settings)
    : traced(config, context.registry, std::move(stats)), context_(context), life_(life),
      settings_(std::move(settings)) {}

  behavior_type make_behavior() override {
    return {
        [this](begin) { return on_begin(); },
        [this](get_log_state) {
          return log_state_reply{std::make_shared<storage::log_state>(store_->state())};
        },
        [this](const persist& what) { on_persist(what); },
        [this](const read_log& what) { on_read_log(what); },
        [this](const copy_entries& what) { return on_copy_entries(what); },
        [this](const compact_log& what) { on_compact_log(what); },
        [this](const repair_log& what) { on_repair_log(what); },
        [this](const mark_checkpoint& what) { return on_mark_checkpoint(what); },
        [this](const record_install& what) { return on_record_install(what); },
        [this](finish_install) { return on_finish_install(); },
        [this](const drop_install& what) { on_drop_install(what); },
        [this](tick) { retry_persist(); },
    };
  }

  void on_exit() override {
    store_.reset();
    raft_ = nullptr;
  }

protected:
  void describe_state(figure_list& out) const override {
    if (!store_)
      return;
    const auto& state = store_->state();
    out.add("last_index", state.last.index.value);
    out.add("last_term", state.last.term.value);
    out.add("term", state.hard_state.current_term.value);
    out.add("voted_for", state.hard_state.voted_for.value);
    out.add("commit_index", state.hard_state.commit_index.value);
    out.add("snapshot_index", state.snapshot.id.index.value);
    out.add("checkpoint_completed", state.checkpoint_completed.value);
    out.add("write_counter", state.write_counter);
    out.add("entries_waiting", waiting_ ? waiting_->entries.size() : 0);
    out.add("damaged_runs", state.damaged.size());
    out.add_text("waits_for", is_stuck_ ? "space" : "nothing");
    out.add("generation", life_);
  }

private:
  caf::result<begun> on_begin() {
    auto opened = settings_.open();
    if (!opened)
      return caf::make_error(caf::sec::runtime_error, to_string(opened.error()));
    store_ = std::move(*opened);
    note_durable();
    publish();
    return begun{};
  }

  void on_persist(const persist& what) {
    if (what.life != life_)
      return;
    raft_ = caf::actor_cast<raft_handle>(current_sender());
    waiting_ = what.batch;
    is_stuck_ = false;
    write_waiting();
  }

  void retry_persist() {
    if (waiting_)
      write_waiting();
  }

  void write_waiting() {
    auto began = now_ns();
    if (is_space_kept_from(*waiting_)) {
      wait_for_space({base::errc::storage_full, "the disk is full; what is left is kept back"});
      return;
    }
    auto outcome = append_waiting();
    if (is_full(outcome)) {
      wait_for_space(outcome.error());
      return;
    }
    require(outcome, "append to the log");
    context_.metrics->log_sync_duration_seconds.Observe(static_cast<double>(now_ns() - began)
                                                        / 1e9);
    context_.metrics->persist_batch_entries.Observe(static_cast<double>(waiting_->entries.size()));
    waiting_.reset();
    send(raft_, persisted{life_, store_->state().write_counter});
    publish();
  }

  base::status append_waiting() {
    auto span = tracer().work("log commit", waiting_->entries.size());
    auto outcome = ASPEN_FAILPOINT_OR("log_writer.append", store_->append(*waiting_));
    if (is_full(outcome) && make_room())
      outcome = store_->append(*waiting_);
    if (!outcome)
      return outcome;
    note_durable();
    for (auto durable = tracer().steps("durable"); const auto& entry : waiting_->entries)
      durable(entry.trace, entry.id.index.value);
    return outcome;
  }

  /// Before anybody hears of it: the trace can then tell whether who speaks of it waited for it.
  void note_durable() {
    const auto& now = store_->state();
    const auto& voted_for = now.hard_state.voted_for;
    tracer().note_with(trace::event_kind::durable, "log", {}, now.last.index.value,
                       now.last.term.value);
    tracer().note_with(trace::event_kind::durable, "hard state",
                       voted_for == raft::server_id{} ? std::string()
                                                      : "node " + std::to_string(voted_for.value),
                       now.hard_state.commit_index.value, now.hard_state.current_term.value);
  }

  template <class Outcome>
  static bool is_full(const Outcome& outcome) {
    return !outcome && outcome.error().code == base::errc::storage_full;
  }
  bool make_room() { return settings_.space && settings_.space->make_room(); }

  /// What was kept back is for marks, votes and a new leader's first entry, not for data.
  bool is_space_kept_from(const storage::log_batch& batch) const {
    if (!settings_.space || !settings_.space->is_short())
      return false;
    std::size_t bytes = 0;
    for (const auto& entry : batch.entries)
      bytes += entry.payload.bytes().size();
    return bytes > short_of_space_batch_bytes;
  }

  void wait_for_space(const base::error& why) {
    if (!std::exchange(is_stuck_, true)) {
      base::log::error(target, "no space for the log; waiting for it to return",
                       {{"reason", why.text}});
      send(raft_, persist_stuck{life_, why.text});
    }
    delayed_send(this, full_disk_retry, tick{});
  }

  void on_read_log(const read_log& what) {
    if (what.life != life_)
      return;
    auto span = tracer().work("log read", what.range.last - what.range.first);
    auto entries = store_->read(what.range.first, what.range.last, what.range.bytes_max);
    require(entries, "read the log");
    send(caf::actor_cast<raft_handle>(current_sender()),
         log_was_read{life_, std::make_shared<std::vector<raft::entry>>(std::move(*entries))});
  }

  caf::result<entries_copied> on_copy_entries(const copy_entries& what) {
    if (!store_->state().damaged.empty()) // known, and about to be repaired: no news to end for
      return caf::make_error(
          caf::sec::runtime_error,
          std::string("entries of the log are damaged, and come from a peer again"));
    auto entries = store_->read(what.first, what.last, what.bytes_max);
    if (!entries && entries.error().code == base::errc::not_found)
      return caf::make_error(caf::sec::runtime_error, to_string(entries.error()));
    require(entries, "read the log");
    return entries_copied{std::make_shared<std::vector<raft::entry>>(std::move(*entries))};
  }

  void on_repair_log(const repair_log& what) {
    if (what.life != life_)
      return;
    auto outcome = store_->repair(*what.entries);
    log_repaired said{life_, {}, nullptr};
    if (!outcome
        && (outcome.error().code == base::errc::invalid
            || outcome.error().code == base::errc::storage_full))
      said.refusal = outcome.error().text;
    else
      require(outcome, "repair the log");
    if (outcome && store_->state().damaged.empty())
      said.whole = std::make_shared<storage::log_state>(store_->state());
    send(caf::actor_cast<raft_handle>(current_sender()), said);
    publish();
  }

  void on_compact_log(const compact_log& what) {
    if (what.life != life_)
      return;
    auto before = store_->state().snapshot.id.index;
    auto span = tracer().work("log compaction", 0);
    auto compact = [&] {
      return store_->compact(what.up_to, settings_.entries_kept, settings_.bytes_kept);
    };
    auto point = compact();
    if (is_full(point) && make_room())
      point = compact();
    if (is_full(point)) {
      base::log::warn(target, "no space to compact the log; it is tried at the next checkpoint",
                      {{"reason", point.error().text}});
      point = store_->state().snapshot;
    }
    require(point, "compact the log");
    if (point->id.index != before)
      base::log::debug(target, "log compacted",
                       {{"up_to", point->id.index.value}, {"entries", point->id.index - before}});
    send(caf::actor_cast<raft_handle>(current_sender()),
         log_compacted{life_, std::make_shared<raft::snapshot_point>(std::move(*point))});
    publish();
  }

  caf::result<checkpoint_marked> on_mark_checkpoint(const mark_checkpoint& what) {
    auto span = tracer().work(
        what.is_completed ? "mark checkpoint completed" : "mark checkpoint started", 0);
    auto mark = [&] {
      return what.is_completed ? store_->set_checkpoint_completed(what.index)
                               : store_->set_checkpoint_started(what.index);
    };
    auto outcome = mark();
    if (is_full(outcome) && make_room())
      outcome = mark();
    if (is_full(outcome))
      return caf::make_error(caf::sec::runtime_error, to_string(outcome.error()));
    require(outcome, "mark a checkpoint in the log");
    return checkpoint_marked{};
  }

  // -- snapshots ----------------------------------------------------------------------

  caf::result<install_recorded> on_record_install(const record_install& what) {
    auto outcome = store_->set_pending_install(*what.what);
    if (outcome)
      return install_recorded{};
    auto code = outcome.error().code;
    // It does not fit this log: the log is as good as before.
    if (code == base::errc::invalid || code == base::errc::corrupt
        || code == base::errc::storage_full)
      return caf::make_error(caf::sec::runtime_error, to_string(outcome.error()));
    require(outcome, "record a pending install");
    return install_recorded{};
  }

  caf::result<install_finished> on_finish_install() {
    auto outcome = store_->finish_pending_install();
    if (!outcome && outcome.error().code == base::errc::storage_full)
      return caf::make_error(caf::sec::runtime_error, to_string(outcome.error()));
    require(outcome, "finish an install");
    note_durable();
    publish();
    return install_finished{std::make_shared<storage::log_state>(store_->state())};
  }

  void on_drop_install(const drop_install& what) {
    if (what.life != life_ || !store_->state().pending)
      return;
    require(store_->drop_pending_install(), "drop a pending install");
  }

  template <class Outcome>
  void require(const Outcome& outcome, const char* doing) {
    if (outcome)
      return;
    auto why = to_string(outcome.error().within(doing));
    base::log::error(target, "the log store failed", {{"reason", why}});
    if (outcome.error().code == base::errc::corrupt)
      context_.board->suspect(why);
    throw storage_failure(why);
  }

  void publish() { context_.board->publish(log_status{store_->sizes(), store_->state().identity}); }

  actor_context context_;
  generation life_;
  log_writer_settings settings_;
  std::unique_ptr<storage::log_store> store_;
  raft_handle raft_;
  std::shared_ptr<const storage::log_batch> waiting_;
  bool is_stuck_ = false;
};

} // namespace

log_writer_handle start_log_writer(caf::actor_system& system, const actor_context& context,
                                   generation life, log_writer_settings settings) {
  auto handle =
      spawn_blocking<log_writer>(system, context, "log_writer", 4096, life, std::move(settings));
  context.where->change([&handle](directory::handles& all) { all.log_writer = handle; });
  return handle;
}

} // namespace actors
