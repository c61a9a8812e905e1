// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/server.hpp"

#include <utility>

#include "base/check.hpp"
#include "base/limits.hpp"
#include "raft/format.hpp"

namespace sim {

std::string name_of_life(raft::server_id id, std::uint64_t life) {
  return "server " + std::to_string(id.value) + " life " + std::to_string(life);
}

namespace {

constexpr sim_time tick_length = 100 * millisecond;
constexpr sim_time restart_delay = 1 * second;

storage::identity identity_of(raft::server_id id, std::uint64_t life, const base::uuid& cluster) {
  auto name = name_of_life(id, life);
  return {cluster, id, base::uuid_from_name(name), base::uuid_from_name("log of " + name)};
}

} // namespace

server::server(raft::server_id id, const raft::membership& founders, surroundings& around,
               dice random)
  : id_(id), identity_(identity_of(id, 0, around.cluster)), around_(around), random_(random),
    disk_(identity_, founders),
    log_thread_(
        around.clock, random.fork(1),
        [this](sim_time delay, std::function<void()> what) { in_process(delay, std::move(what)); },
        [this] { fail(); }),
    state_thread_(
        around.clock, random.fork(2),
        [this](sim_time delay, std::function<void()> what) { in_process(delay, std::move(what)); },
        [this] { fail(); }) {}

std::optional<raft::chain_hash> server::chain_at(raft::log_index index) const {
  if (life_)
    if (auto chain = raft::invariant_checker::chain_at(life_->protocol, index))
      return chain;
  return disk_.chain_at(index);
}

raft::core_config server::config() {
  raft::core_config made;
  made.self = id_;
  made.incarnation = identity_.incarnation;
  made.boot =
      base::uuid_from_name(name_of_life(id_, life_number_) + " boot " + std::to_string(boot_));
  made.leases_enabled = around_.habits.has_leases;
  made.cluster_id = around_.cluster;
  made.heartbeat_ticks = 1;
  made.election_timeout_ticks_min = 10;
  made.election_timeout_ticks_max = 20;
  made.window_applied_entries_max = around_.habits.window_entries;
  made.snapshot_pin_ticks_max = 100;
  made.log_entries_kept_min = around_.habits.log_entries_kept;
  made.proposals_in_flight_max = around_.habits.proposals_in_flight_max;
  return made;
}

void server::start() {
  note([] { return "starts"; });
  if (forgotten_)
    disk_.state().pretend_applied(forgotten_->first, forgotten_->second);
  auto recovered = disk_.recovered();
  recovered.digest = reported_digest();
  around_.judge.opened(*this);
  ++boot_;
  auto random = [chance = random_.fork(1000 + boot_)](std::uint64_t bound) mutable {
    return chance.below(bound);
  };
  life_.emplace(
      life{raft::core(config(), std::move(recovered), random), {}, {}, {}, {}, 0, 0, {}, {}});
  input([] {});
  last_tick_ = around_.clock.now();
  in_process(random_.between(0, tick_length), [this] { tick(); });
  in_process(random_.between(second, 3 * second), [this] { checkpoint(); });
}

void server::crash() {
  note([] { return "crashes"; });
  life_.reset();
  deferred_.clear();
  is_paused_ = false;
  log_thread_.crash();
  state_thread_.crash();
}

void server::wipe() {
  note([] { return "is wiped"; });
  ++life_number_;
  identity_ = identity_of(id_, life_number_, around_.cluster);
  disk_ = disk(identity_, {});
  forgotten_.reset();
  around_.links.renew(id_);
}

void server::lose_state() {
  note([] { return "loses its state machine"; });
  if (!disk_.log_state().pending)
    disk_.lose_state();
}

void server::lose_wal() {
  note([] { return "loses the WAL of its state machine"; });
  if (!disk_.log_state().pending)
    disk_.lose_wal();
}

void server::set_disk_full(bool is_full) {
  if (is_full)
    log_thread_.hold();
  else
    log_thread_.release();
  if (life_)
    in_process(0, [this, is_full] { life_->protocol.disk_full(is_full); });
}

// A store failed: the group of actors ends, and the supervisor starts it again.
void server::fail() {
  note([] { return "fails: a store"; });
  crash();
  around_.clock.after(restart_delay, [this, boot = boot_] {
    if (boot == boot_ && !life_)
      start();
  });
}

void server::resume() {
  note([] { return "resumes"; });
  is_paused_ = false;
  // The actor sees by its steady clock how many ticks it missed, before anything else.
  auto missed = (around_.clock.now() - last_tick_) / (tick_length * clock_per_mille_ / 1000);
  input([this, missed] {
    for (sim_time i = 0; i < missed; ++i)
      life_->protocol.tick();
  });
  for (auto& each : std::exchange(deferred_, {}))
    in_process(0, std::move(each));
}

void server::set_disk_quality(const disk_quality& quality) {
  log_thread_.set_quality(quality);
  state_thread_.set_quality(quality);
}

// One thing the process does; nothing when it has ended, later when it is stopped.
void server::in_process(sim_time delay, std::function<void()> what) {
  around_.clock.after(delay, [this, boot = boot_, next = std::move(what)]() mutable {
    if (boot != boot_ || !life_)
      return;
    if (is_paused_)
      deferred_.push_back(std::move(next));
    else
      input(next);
  });
}

void server::input(const std::function<void()>& what) {
  around_.counters.fingerprint += around_.clock.now();
  life_->protocol.wall_clock(1 + around_.clock.now() / millisecond);
  what();
  if (!life_)
    return;
  life_->checker.check_step(life_->protocol);
  // Before anybody is told anything.
  around_.judge.stepped(*this);
  perform();
  life_->checker.check_step(life_->protocol);
}

void server::tick() {
  last_tick_ = around_.clock.now();
  life_->protocol.tick();
  in_process(tick_length * clock_per_mille_ / 1000, [this] { tick(); });
}

void server::deliver(const raft::server_life& from, const raft::message& body) {
  in_process(0, [this, from, what = body] {
    note([&] { return "hears s" + std::to_string(from.id.value) + ": " + raft::to_string(what); });
    life_->protocol.step(from, mutated_arrival(from.id, what));
  });
}

void server::perform() {
  for (auto owed = life_->protocol.take_ready(); !owed.empty();
       owed = life_->protocol.take_ready()) {
    for (const auto& each : owed.events)
      observe(each);
    for (auto& each : owed.send_now)
      send(each);
    for (auto& each : owed.send_after_persist) {
      if (has(bug::reply_before_sync))
        send(each);
      else
        life_->after_persist.push_back(std::move(each));
    }
    if (owed.persist)
      perform_persist(std::move(*owed.persist));
    for (const auto& each : owed.proposals)
      std::visit([this](const auto& answer) { settle(answer); }, each);
    for (const auto& each : owed.reads)
      std::visit([this](const auto& answer) { settle(answer); }, each);
    if (owed.apply)
      perform_apply(std::move(*owed.apply));
    if (owed.log_read)
      perform_log_read(*owed.log_read);
    if (owed.compact)
      perform_compact(*owed.compact);
    for (const auto& each : owed.snapshots_to_send)
      send_snapshot(each);
    if (owed.install)
      perform_install(*owed.install);
    if (owed.start_apply_timer)
      in_process(base::limits::apply_delay_ms * millisecond,
                 [this] { life_->protocol.apply_due(); });
  }
}

void server::observe(const raft::event& what) {
  using kind = raft::event::kind;
  BASE_CHECK(what.what != kind::peer_diverged && what.what != kind::peer_rolled_back,
             "INV-16: no two logs diverge, and no disk goes back");
  BASE_CHECK(what.what != kind::digests_differ && what.what != kind::peer_outvoted
                 && what.what != kind::became_outvoted,
             "INV-27: equal entries make equal states");
  around_.counters.truncations += what.what == kind::entries_truncated ? 1 : 0;
  note([&what] {
    return std::string(raft::to_string(what.what)) + " term " + std::to_string(what.term.value)
           + " index " + std::to_string(what.index.value);
  });
}

void server::send(const raft::outgoing_message& what) {
  auto body = mutated_departure(what.body);
  remember_told(what);
  around_.judge.leaves(*this, body, what.to);
  around_.links.send(id_, what.to, std::move(body));
}

} // namespace sim
