// SPDX-License-Identifier: Apache-2.0
#include "actors/raft_actor.hpp"

#include <algorithm>

#include "actors/raft_actor_state.hpp"
#include "base/log.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::raft";

/// What a linearizable read is told while a store waits: it is the server's trouble, not
/// that of a client that would store something (two stores, one truth: rule 8).
failure for_reads(failure why) {
  if (why.code == failure_code::storage_full)
    why.code = failure_code::unavailable;
  return why;
}

} // namespace

failure no_leader() {
  return {failure_code::not_leader, commit_status::no, "no leader is known", 0, 0,
          std::chrono::seconds(1)};
}

failure too_much(const raft::overloaded& bound) {
  return {failure_code::overloaded,
          commit_status::no,
          "too many requests are under way",
          bound.limit,
          bound.actual,
          std::chrono::seconds(1)};
}

failure refusal_of(const raft::propose_outcome& outcome) {
  if (auto* bound = std::get_if<raft::overloaded>(&outcome))
    return too_much(*bound);
  if (std::holds_alternative<raft::storage_full>(outcome))
    return {failure_code::storage_full, commit_status::no, "the leader's disk is full", 0, 0,
            std::chrono::seconds(5)};
  return no_leader();
}

failure fenced() {
  return {failure_code::unavailable, commit_status::no,
          "this node is fenced: a majority of the replicas has another state"};
}

raft_actor::raft_actor(caf::actor_config& config, const actor_context& context,
                       std::shared_ptr<actor_stats> stats, generation life, raft_settings settings)
  : traced(config, context.registry, std::move(stats)), context_(context), life_(life),
    settings_(std::move(settings)),
    // Whoever missed that many has no lease left, and was asked once whether it has a quorum.
    clock_(settings_.tick_interval, settings_.core.election_timeout_ticks_min),
    others_(context.where->get()), proposed_(tracer().steps("proposed")),
    committed_(tracer().steps("committed")), read_accepted_(tracer().steps("read accepted")) {}

raft_actor::behavior_type raft_actor::make_behavior() {
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
      [this](const log_was_read& what) {
        if (what.life == life_) {
          core_->log_read(*what.entries);
          perform();
        }
      },
      [this](const log_compacted& what) {
        if (what.life == life_) {
          core_->compacted(*what.point);
          perform();
        }
      },
      [this](const log_repaired& what) { on_log_repaired(what); },
      [this](const applied& what) { on_applied(what); },
      [this](const apply_stuck& what) { on_apply_stuck(what); },
      [this](const checkpoint_finished& what) {
        if (what.life == life_ && core_) { // the scheduler does not wait for this actor to begin
          core_->checkpoint_completed(what.index);
          perform();
        }
      },
      [this](const snapshot_was_sent& what) { on_snapshot_was_sent(what); },
      [this](const snapshot_not_sent& what) { on_snapshot_not_sent(what); },
      [this](const slow_writes& what) { on_slow_writes(what); },
      [this](const snapshot_arrived& what) { on_snapshot_arrived(what); },
      [this](const snapshot_installed& what) { on_snapshot_installed(what); },
      [this](const links_ready& what) { on_links_ready(what); },
      [this](const peer_lost& what) {
        if (what.life == life_ && core_)
          core_->peer_lost(what.which);
      },
      [this](const peer_spoke& what) { on_peer_spoke(what); },
      [this](const cluster_request& what) { on_cluster_request(what); },
      [this](hand_over) { hand_leadership_over(); },
  };
}

void raft_actor::on_exit() {
  others_ = {};
  links_ = nullptr;
  way_.reset();
  ledger_ = {};
  changes_.clear();
  transfer_.reset();
  waiting_changes_.clear();
  core_.reset();
  context_.board->forget<raft_status>();
}

// -- begin: what both stores hold becomes the core's recovered state ---------------

caf::result<begun> raft_actor::on_begin() {
  auto promise = make_response_promise<begun>();
  auto fail = [promise](caf::error& why) mutable { promise.deliver(std::move(why)); };
  request(others_.log_writer, caf::infinite, get_log_state{})
      .then(
          [this, promise, fail](const log_state_reply& log) {
            request(others_.storage_writer, caf::infinite, get_state_meta{})
                .then(
                    [this, promise, log](const state_meta_reply& state) mutable {
                      start_core(*log.state, state);
                      promise.deliver(begun{});
                    },
                    fail);
          },
          fail);
  return promise;
}

void raft_actor::start_core(const storage::log_state& log, const state_meta_reply& reply) {
  make_core(log, reply);
  perform();
  on_tick();
  if (auto early = std::exchange(arrived_early_, std::nullopt))
    on_snapshot_arrived(*early);
}

void raft_actor::make_core(const storage::log_state& log, const state_meta_reply& reply) {
  const auto& state = *reply.meta;
  write_counter_ = log.write_counter;
  // A lower bound: whoever says that it knows a newer one is believed. None without an entry.
  members_index_ = std::max(log.snapshot.id.index, std::min(log.last.index, raft::log_index{1}));
  settings_.core.incarnation = log.identity.incarnation;
  raft::server_life self{settings_.core.self, log.identity.incarnation};
  was_member_ = log.snapshot.membership.is_member(self)
                || std::ranges::any_of(log.memberships, [&](const raft::membership_at& each) {
                     return each.membership.is_member(self);
                   });
  ledger_.skip_to(state.last_applied.index);
  raft::recovered_state recovered{log.hard_state,          log.snapshot,    log.last,
                                  log.last_chain,          log.term_starts, log.memberships,
                                  state.last_applied.index};
  recovered.state_is_lost = reply.is_lost;
  recovered.digest = state.recorded_digest;
  recovered.damaged = log.damaged;
  if (!log.damaged.empty())
    base::log::warn(target, "entries of the log are damaged; they come from a peer again",
                    {{"first", log.damaged.front().first.value}});
  settings_.core.boot = base::random_uuid();
  core_.emplace(replay::core_beginning{settings_.core, std::move(recovered), settings_.random_seed},
                settings_.record_core ? settings_.record_core() : nullptr);
  trace_core_began(log.hard_state);
  // What a core before this one was told.
  if (is_space_short_)
    core_->disk_full(true);
  if (status_.is_cast_out)
    core_->cast_out(true);
  base::log::info(target, "raft actor started",
                  {{"term", log.hard_state.current_term.value},
                   {"last_index", log.last.index.value},
                   {"commit_index", log.hard_state.commit_index.value},
                   {"last_applied", state.last_applied.index.value}});
}

// -- damaged entries: until all are whole the core takes no part, and a new one begins then --

void raft_actor::on_log_repaired(const log_repaired& what) {
  if (what.life != life_)
    return;
  if (!what.refusal.empty()) {
    base::log::error(target, "a peer's entries do not take the place of damaged ones",
                     {{"reason", what.refusal}});
    core_->repair_refused();
    return perform();
  }
  core_->repaired();
  whole_log_ = what.whole;
  perform();
}

void raft_actor::begin_on_whole_log() {
  request(others_.storage_writer, caf::infinite, get_state_meta{})
      .then([this, log = whole_log_](const state_meta_reply& state) {
        base::log::info(target, "the log is whole again");
        make_core(*log, state);
        perform();
      });
}

// -- inputs ------------------------------------------------------------------------

void raft_actor::on_tick() {
  status_.last_tick = std::chrono::steady_clock::now();
  for (auto request : ledger_.drop_settled_reads())
    core_->forget_read(request);
  for (auto request : ledger_.drop_settled_writes())
    core_->forget_proposal(request);
  note_contacts();
  look_at_standing();
  retry_changes();
  note_space();
  core_->wall_clock(settings_.wall_clock_ms());
  tell_time(true);
  perform();
  delayed_send(this, settings_.tick_interval, tick{});
}

/// Before every input that a lease may decide: after a pause the leader must know how old it
/// is (INV-89). Everybody else is safe with a tick that is late, and patient on a slow machine.
void raft_actor::tell_time(bool is_tick_due) {
  auto passed = settings_.time_passed ? settings_.time_passed()
                                      : std::chrono::nanoseconds(now().time_since_epoch());
  bool may_have_lease =
      settings_.core.leases_enabled && status_.core.role == raft::role_name::leader;
  auto ticks = may_have_lease ? clock_.take_missed(passed) : is_tick_due ? 1 : 0;
  if (!may_have_lease && is_tick_due)
    clock_.begin_tick(passed);
  for (; ticks > 0; --ticks)
    core_->tick();
}

void raft_actor::on_client_batch(const client_batch& batch) {
  if (!core_) // not begun yet: the batch goes, and every request in it answers itself
    return;
  tell_time(false);
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

void raft_actor::propose(client_write write) {
  if (status_.core.outvoted)
    return write.reply.refuse(fenced());
  if (stuck_)
    return write.reply.refuse(*stuck_);
  if (are_writes_slowed_)
    return write.reply.refuse(too_much_wal());
  // From here on the entry may count; an asker who has left was told that it will not.
  if (!write.reply.set_stage(commit_status::unknown))
    return;
  raft::proposal proposal;
  proposal.payload = write.command;
  proposal.leader_time_ms = settings_.wall_clock_ms();
  proposal.deadline_ms =
      proposal.leader_time_ms + static_cast<std::uint64_t>(settings_.write_patience.count());
  proposal.trace = write.trace;
  proposed_(write.trace, 0);
  proposal.answer_needs_apply = write.answer_needs_apply;
  proposal.request = ledger_.add_write(std::move(write), now_ns());
  auto request = proposal.request;
  auto outcome = core_->propose(std::move(proposal));
  if (std::holds_alternative<raft::accepted>(outcome))
    return;
  ledger_.refuse_write(request, refusal_of(outcome));
  ++status_.proposals_failed;
}

void raft_actor::accept_read(client_read read) {
  if (status_.core.outvoted)
    return read.reply.refuse(fenced());
  if (holds_reads_up() && read.consistency == consistency::linearizable)
    return read.reply.refuse(for_reads(*stuck_));
  read_accepted_(read.trace, 0);
  auto is_linearizable = read.consistency == consistency::linearizable;
  auto min_index = read.min_index;
  auto request = ledger_.add_read(std::move(read));
  settle_unless_accepted(request, is_linearizable ? core_->read_index(request)
                                                  : core_->wait_applied(request, min_index));
}

void raft_actor::settle_unless_accepted(raft::request_id request,
                                        const raft::read_outcome& outcome) {
  if (!std::holds_alternative<raft::accepted>(outcome))
    ledger_.refuse_read(request, for_reads(refusal_of(outcome)));
}

void raft_actor::on_persisted(const persisted& what) {
  if (what.life != life_)
    return;
  write_counter_ = what.write_counter;
  if (stuck_ && is_log_stuck_)
    end_trouble();
  send_to_peers(std::exchange(after_persist_, {}));
  tell_time(false);
  core_->persisted();
  perform();
}

void raft_actor::on_applied(const applied& what) {
  if (what.life != life_)
    return;
  if (stuck_ && !is_log_stuck_)
    end_trouble();
  {
    answer_batch together;
    ledger_.on_applied(what.first, *what.results);
  }
  core_->applied(what.first + (what.results->size() - 1));
  if (what.digest)
    core_->digest_recorded(*what.digest);
  perform();
}

// -- trouble: a store waits for space or a lock; new work is refused meanwhile ------

void raft_actor::on_persist_stuck(const persist_stuck& what) {
  if (what.life != life_)
    return;
  begin_trouble(
      {failure_code::storage_full, commit_status::no, what.why, 0, 0, std::chrono::seconds(5)},
      true);
  answer_batch together;
  ledger_.refuse_appended_writes(*stuck_);
}

void raft_actor::on_apply_stuck(const apply_stuck& what) {
  if (what.life != life_)
    return;
  begin_trouble({what.code, commit_status::no, what.why, 0, 0, std::chrono::seconds(1)}, false);
  perform();
}

void raft_actor::end_trouble() {
  if (stuck_->code == failure_code::storage_full)
    core_->disk_full(is_space_short_);
  stuck_.reset();
}

/// INV-150: short of space, whoever leads takes no writes, though no store waits.
void raft_actor::note_space() {
  bool is_short = settings_.space && settings_.space->is_short();
  if (std::exchange(is_space_short_, is_short) == is_short)
    return;
  bool is_stuck = stuck_ && stuck_->code == failure_code::storage_full;
  core_->disk_full(is_short || is_stuck);
}

void raft_actor::begin_trouble(failure why, bool is_log) {
  stuck_ = std::move(why);
  is_log_stuck_ = is_log;
  if (stuck_->code == failure_code::storage_full)
    core_->disk_full(true);
  if (!holds_reads_up())
    return;
  answer_batch together;
  for (auto request : ledger_.refuse_all_reads(for_reads(*stuck_)))
    core_->forget_read(request);
}

/// What a leader's log waits for is not committed, and no read has to see it. Elsewhere a read
/// may wait for just those entries.
bool raft_actor::holds_reads_up() const {
  return stuck_ && !(is_log_stuck_ && core_->status().role == raft::role_name::leader);
}

raft_handle start_raft_actor(caf::actor_system& system, const actor_context& context,
                             generation life, raft_settings settings) {
  auto handle =
      spawn_scheduled<raft_actor>(system, context, "raft", 65536, life, std::move(settings));
  context.where->change([&handle](directory::handles& all) { all.raft = handle; });
  return handle;
}

} // namespace actors
