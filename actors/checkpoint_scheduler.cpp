// SPDX-License-Identifier: Apache-2.0
#include "actors/checkpoint_scheduler.hpp"

#include <caf/typed_event_based_actor.hpp>

#include "actors/traced.hpp"

namespace actors {

namespace {

class checkpoint_scheduler : public traced<checkpoint_scheduler_handle::base> {
public:
  checkpoint_scheduler(caf::actor_config& config, const actor_context& context,
                       std::shared_ptr<actor_stats> stats, checkpoint_scheduler_settings settings)
    : traced(config, context.registry, std::move(stats)), context_(context),
      settings_(std::move(settings)) {}

  behavior_type make_behavior() override {
    return {
        [this](begin) {
          look_again();
          return begun{};
        },
        [this](tick) {
          look();
          look_again();
        },
        [this](const checkpoint_now& what) { on_checkpoint_now(what); },
        [this](checkpoint_ended) { on_checkpoint_ended(); },
        [this](wal_grew) { look(); },
    };
  }

protected:
  void describe_state(figure_list& out) const override {
    out.add("last_applied_seen", last_seen_applied_.value);
    out.add("last_marked", last_marked_.value);
    out.add_text("checkpoint", asked_ ? "under way" : last_blocked_ ? "was blocked" : "none");
    out.add_text("space", settings_.space && settings_.space->is_short() ? "short" : "enough");
  }

private:
  void look_again() { delayed_send(this, settings_.look_interval, tick{}); }

  void look() {
    auto state = context_.board->get<storage_status>();
    if (!state)
      return;
    auto applied = state->meta.last_applied.index;
    auto facts = facts_of(*state);
    facts.is_quiet = applied == last_seen_applied_;
    last_seen_applied_ = applied;
    auto mode = due_checkpoint(facts, settings_.limits);
    if (!mode)
      return;
    auto is_in_window =
        settings_.limits.window && settings_.limits.window->contains(facts.minute_of_day);
    if (*mode == storage::checkpoint_mode::truncate && is_in_window)
      last_window_day_ = facts.day;
    run(*mode, {});
  }

  checkpoint_facts facts_of(const storage_status& state) const {
    using namespace std::chrono;
    auto now = settings_.wall_clock();
    auto today = floor<days>(now);
    checkpoint_facts facts;
    facts.has_wal = state.has_wal;
    facts.wal = state.wal;
    facts.entries_since_mark = state.meta.last_applied.index.value - last_marked_.value;
    facts.minute_of_day = static_cast<std::uint32_t>(duration_cast<minutes>(now - today).count());
    facts.day = today.time_since_epoch().count();
    facts.last_window_day = last_window_day_;
    if (settings_.space) {
      facts.is_space_short = settings_.space->is_short();
      facts.space_kept_back = settings_.space->kept_bytes();
    }
    if (last_blocked_)
      facts.since_blocked = duration_cast<milliseconds>(clock().now() - *last_blocked_);
    return facts;
  }

  void on_checkpoint_now(const checkpoint_now& what) {
    run(storage::checkpoint_mode::truncate, what.reply);
  }

  /// One of our own at a time; a client's request always goes on, since somebody waits.
  void run(storage::checkpoint_mode mode, reply_to<checkpoint_done> reply) {
    auto writer = context_.where->get().storage_writer;
    if (!writer)
      return;
    auto who = caf::actor_cast<caf::actor>(writer).id();
    if (asked_ == who && !reply)
      return;
    asked_ = who;
    send(writer, run_checkpoint{mode, std::move(reply)});
  }

  void on_checkpoint_ended() {
    asked_.reset();
    auto state = context_.board->get<storage_status>();
    if (!state)
      return;
    last_marked_ = state->meta.last_applied.index;
    if (state->last_checkpoint && !state->last_checkpoint->is_complete)
      last_blocked_ = clock().now();
    else
      last_blocked_.reset();
  }

  actor_context context_;
  checkpoint_scheduler_settings settings_;
  raft::log_index last_seen_applied_;
  raft::log_index last_marked_;
  std::int64_t last_window_day_ = -1;
  std::optional<caf::actor_clock::time_point> last_blocked_;
  /// The storage writer that has not ended its checkpoint yet; another life's is void.
  std::optional<caf::actor_id> asked_;
};

} // namespace

checkpoint_scheduler_handle start_checkpoint_scheduler(caf::actor_system& system,
                                                       const actor_context& context,
                                                       checkpoint_scheduler_settings settings) {
  auto handle = spawn_scheduled<checkpoint_scheduler>(system, context, "checkpoint_scheduler", 1024,
                                                      std::move(settings));
  context.where->change([&handle](directory::handles& all) { all.checkpoint_scheduler = handle; });
  return handle;
}

} // namespace actors
