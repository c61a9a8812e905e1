// SPDX-License-Identifier: Apache-2.0
#include "actors/raft_actor.hpp"

#include <random>

#include <caf/typed_event_based_actor.hpp>

#include "actors/client_ledger.hpp"
#include "actors/traced.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::raft";

raft::random_source seeded_random(std::uint64_t seed) {
  return [engine = std::mt19937_64(seed)](std::uint64_t bound) mutable {
    return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(engine);
  };
}

failure no_leader() {
  return {failure_code::not_leader, commit_status::no, "no leader is known", 0, 0,
          std::chrono::seconds(1)};
}

/// What a linearizable read is told while a store waits: it is the server's trouble, not
/// that of a client that would store something (two stores, one truth: rule 8).
failure for_reads(failure why) {
  if (why.code == failure_code::storage_full)
    why.code = failure_code::unavailable;
  return why;
}

failure too_much(const raft::overloaded& bound) {
  return {failure_code::overloaded,
          commit_status::no,
          "too many requests are under way",
          bound.limit,
          bound.actual,
          std::chrono::seconds(1)};
}

class raft_actor : public traced<raft_handle::base> {
public:
  raft_actor(caf::actor_config& config, const actor_context& context,
             std::shared_ptr<actor_stats> stats, generation life, raft_settings settings)
    : traced(config, context.registry, std::move(stats)), context_(context), life_(life),
      settings_(std::move(settings)), peers_(context.where->get()) {}

  behavior_type make_behavior() override {
    return {
        [this](begin) { return on_begin(); },
        [this](tick) { on_tick(); },
        [this](apply_timer) {
          core_->apply_due();
          perform();
        },
        [this](const client_batch& batch) { on_client_batch(batch); },
        [this](const persisted& what) { on_persisted(what); },
        [this](const persist_stuck& what) { on_persist_stuck(what); },
        [this](const log_was_read& what) { on_log_was_read(what); },
        [this](const log_compacted& what) { on_log_compacted(what); },
        [this](const applied& what) { on_applied(what); },
        [this](const apply_stuck& what) { on_apply_stuck(what); },
        [this](const checkpoint_finished& what) { on_checkpoint_finished(what); },
    };
  }

  void on_exit() override {
    peers_ = {};
    ledger_ = {};
    core_.reset();
    context_.board->forget<raft_status>();
  }

private:
  // -- begin: what both stores hold becomes the core's recovered state ---------------

  caf::result<begun> on_begin() {
    auto promise = make_response_promise<begun>();
    auto fail = [promise](caf::error& why) mutable { promise.deliver(std::move(why)); };
    request(peers_.log_writer, caf::infinite, get_log_state{})
        .then(
            [this, promise, fail](const log_state_reply& log) {
              request(peers_.storage_writer, caf::infinite, get_state_meta{})
                  .then(
                      [this, promise, log](const state_meta_reply& state) mutable {
                        start_core(*log.state, *state.meta);
                        promise.deliver(begun{});
                      },
                      fail);
            },
            fail);
    return promise;
  }

  void start_core(const storage::log_state& log, const storage::state_meta& state) {
    write_counter_ = log.write_counter;
    raft::recovered_state recovered{log.hard_state,          log.snapshot,    log.last,
                                    log.last_chain,          log.term_starts, log.membership,
                                    state.last_applied.index};
    core_.emplace(settings_.core, std::move(recovered), seeded_random(settings_.random_seed));
    base::log::info(target, "raft actor started",
                    {{"term", log.hard_state.current_term.value},
                     {"last_index", log.last.index.value},
                     {"commit_index", log.hard_state.commit_index.value},
                     {"last_applied", state.last_applied.index.value}});
    perform();
    on_tick();
  }

  // -- inputs ------------------------------------------------------------------------

  void on_tick() {
    status_.last_tick = std::chrono::steady_clock::now();
    for (auto request : ledger_.drop_settled_reads())
      core_->forget_read(request);
    core_->tick();
    perform();
    delayed_send(this, settings_.tick_interval, tick{});
  }

  void on_client_batch(const client_batch& batch) {
    {
      answer_batch together;
      if (batch.writes)
        for (auto& write : *batch.writes)
          propose(std::move(write));
      if (batch.reads)
        for (auto& read : *batch.reads)
          accept_read(std::move(read));
    }
    perform();
  }

  void propose(client_write write) {
    if (stuck_)
      return write.reply.refuse(*stuck_);
    // From here on the entry may count; an asker who has left was told that it will not.
    if (!write.reply.set_stage(commit_status::unknown))
      return;
    raft::proposal proposal;
    proposal.payload = write.command;
    proposal.leader_time_ms = settings_.wall_clock_ms();
    proposal.trace = write.trace;
    proposal.answer_needs_apply = write.answer_needs_apply;
    proposal.request = ledger_.add_write(std::move(write), now_ns());
    auto request = proposal.request;
    auto outcome = core_->propose(std::move(proposal));
    if (std::holds_alternative<raft::not_leader>(outcome))
      ledger_.refuse_write(request, no_leader());
    else if (auto* bound = std::get_if<raft::overloaded>(&outcome))
      ledger_.refuse_write(request, too_much(*bound));
    if (!std::holds_alternative<raft::accepted>(outcome))
      ++status_.proposals_failed;
  }

  void accept_read(client_read read) {
    if (stuck_ && read.consistency == consistency::linearizable)
      return read.reply.refuse(for_reads(*stuck_));
    auto is_linearizable = read.consistency == consistency::linearizable;
    auto min_index = read.min_index;
    auto request = ledger_.add_read(std::move(read));
    settle_unless_accepted(request, is_linearizable ? core_->read_index(request)
                                                    : core_->wait_applied(request, min_index));
  }

  void settle_unless_accepted(raft::request_id request, const raft::read_outcome& outcome) {
    if (std::holds_alternative<raft::not_leader>(outcome))
      ledger_.refuse_read(request, no_leader());
    else if (auto* bound = std::get_if<raft::overloaded>(&outcome))
      ledger_.refuse_read(request, too_much(*bound));
  }

  void on_persisted(const persisted& what) {
    if (what.life != life_)
      return;
    write_counter_ = what.write_counter;
    if (stuck_ && is_log_stuck_)
      end_trouble();
    core_->persisted();
    perform();
  }

  void on_log_was_read(const log_was_read& what) {
    if (what.life != life_)
      return;
    core_->log_read(*what.entries);
    perform();
  }

  void on_log_compacted(const log_compacted& what) {
    if (what.life != life_)
      return;
    core_->compacted(*what.point);
    perform();
  }

  void on_applied(const applied& what) {
    if (what.life != life_)
      return;
    if (stuck_ && !is_log_stuck_)
      end_trouble();
    {
      answer_batch together;
      ledger_.on_applied(what.first, *what.results);
    }
    core_->applied(what.first + (what.results->size() - 1));
    perform();
  }

  void on_checkpoint_finished(const checkpoint_finished& what) {
    if (what.life != life_)
      return;
    core_->checkpoint_completed(what.index);
    perform();
  }

  // -- trouble: a store waits for space or a lock; new work is refused meanwhile ------

  void on_persist_stuck(const persist_stuck& what) {
    if (what.life != life_)
      return;
    begin_trouble(
        {failure_code::storage_full, commit_status::no, what.why, 0, 0, std::chrono::seconds(5)},
        true);
    answer_batch together;
    ledger_.refuse_appended_writes(*stuck_);
  }

  void on_apply_stuck(const apply_stuck& what) {
    if (what.life == life_)
      begin_trouble({what.code, commit_status::no, what.why, 0, 0, std::chrono::seconds(1)}, false);
  }

  void begin_trouble(failure why, bool is_log) {
    stuck_ = std::move(why);
    is_log_stuck_ = is_log;
    answer_batch together;
    for (auto request : ledger_.refuse_all_reads(for_reads(*stuck_)))
      core_->forget_read(request);
  }

  void end_trouble() { stuck_.reset(); }

  // -- outputs: everything the core asks for, in the order of `ready` ------------------

  void perform() {
    answer_batch together;
    auto reads = std::make_shared<std::vector<pooled_read>>();
    for (auto owed = core_->take_ready(); !owed.empty(); owed = core_->take_ready()) {
      for (const auto& event : owed.events)
        record(event);
      if (owed.persist)
        send_persist(std::move(*owed.persist));
      for (const auto& answer : owed.proposals)
        std::visit([this](const auto& what) { settle(what); }, answer);
      for (const auto& answer : owed.reads)
        settle_read(answer, *reads);
      if (owed.apply)
        send_apply(std::move(*owed.apply));
      if (owed.log_read)
        send(peers_.log_writer, read_log{life_, *owed.log_read});
      if (owed.compact)
        send(peers_.log_writer, compact_log{life_, owed.compact->up_to});
      if (owed.start_apply_timer)
        delayed_send(this, std::chrono::milliseconds(base::limits::apply_delay_ms), apply_timer{});
    }
    if (!reads->empty())
      send(peers_.reader_pool, read_batch{std::move(reads)});
    publish();
  }

  void send_persist(raft::persist_request what) {
    auto batch = std::make_shared<storage::log_batch>();
    batch->entries = std::move(what.entries);
    batch->truncate_from = what.truncate_from;
    batch->hard_state = what.state;
    send(peers_.log_writer, persist{life_, std::move(batch)});
  }

  void send_apply(raft::apply_request what) {
    auto entries = std::make_shared<std::vector<raft::entry>>(std::move(what.entries));
    send(peers_.storage_writer,
         apply{life_, std::move(entries), {write_counter_, core_->status().durable_commit_index}});
  }

  void settle(const raft::proposal_appended& what) { ledger_.on_appended(what.request, what.id); }

  void settle(const raft::proposal_committed& what) {
    ++status_.proposals_committed;
    if (auto accepted_ns = ledger_.on_committed(what.request, what.id); accepted_ns != 0)
      context_.metrics->commit_duration_seconds.Observe(static_cast<double>(now_ns() - accepted_ns)
                                                        / 1e9);
  }

  void settle(const raft::proposal_dropped& what) {
    ++status_.proposals_failed;
    ledger_.on_dropped(what.request);
  }

  void settle_read(const raft::read_answer& answer, std::vector<pooled_read>& confirmed) {
    if (auto* dropped = std::get_if<raft::read_dropped>(&answer))
      return ledger_.refuse_read(dropped->request, no_leader());
    const auto& at = std::get<raft::read_confirmed>(answer);
    auto read = ledger_.take_read(at.request);
    if (!read.reply)
      return;
    if (read.min_index > at.index) {
      auto index = read.min_index;
      auto request = ledger_.add_read(std::move(read));
      settle_unless_accepted(request, core_->wait_applied(request, index));
    } else
      confirmed.push_back({std::move(read.what), read.trace, std::move(read.reply), now_ns()});
  }

  void record(const raft::event& event) {
    using kind = raft::event::kind;
    auto line = [&event](const char* text) {
      base::log::info(target, text, {{"term", event.term.value}, {"index", event.index.value}});
    };
    switch (event.what) {
    case kind::became_follower: return line("became follower");
    case kind::became_pre_candidate: return line("became pre-candidate");
    case kind::became_candidate: return line("became candidate");
    case kind::became_learner: return line("became learner");
    case kind::became_leader: ++status_.leader_changes; return line("became leader");
    case kind::membership_changed: return line("membership changed");
    case kind::entries_truncated: return line("entries truncated");
    case kind::peer_diverged: return line("a peer's log diverged from this one");
    case kind::commit_advanced: return;
    }
  }

  void publish() {
    status_.core = core_->status();
    context_.board->publish(status_);
  }

  actor_context context_;
  generation life_;
  raft_settings settings_;
  directory::handles peers_;
  std::optional<raft::core> core_;
  client_ledger ledger_;
  std::uint64_t write_counter_ = 0;
  /// Set while a store waits: what new requests are told.
  std::optional<failure> stuck_;
  bool is_log_stuck_ = false;
  raft_status status_;
};

} // namespace

raft_handle start_raft_actor(caf::actor_system& system, const actor_context& context,
                             generation life, raft_settings settings) {
  auto handle =
      spawn_scheduled<raft_actor>(system, context, "raft", 65536, life, std::move(settings));
  context.where->change([&handle](directory::handles& all) { all.raft = handle; });
  return handle;
}

} // namespace actors
