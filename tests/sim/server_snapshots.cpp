// SPDX-License-Identifier: Apache-2.0
#include <memory>

#include "base/check.hpp"
#include "raft/format.hpp"
#include "tests/sim/server.hpp"

/// Snapshots between servers, as the node moves them (two stores, one truth: rules 15-17).
namespace sim {

namespace {

constexpr sim_time stream_patience = 8 * second;

} // namespace

// Built on the state machine's thread, streamed on a connection of its own.
void server::send_snapshot(const raft::snapshot_to_send& what) {
  auto copy = std::make_shared<key_values>(disk_.state());
  auto build = [this, copy] { *copy = disk_.state(); };
  state_thread_.enqueue({build, [this, copy, what] {
                           BASE_CHECK(copy->last_applied().index >= what.at_least,
                                      "INV-76: a state reaches the log's snapshot point");
                           in_process(random_.between(20 * millisecond, 2 * second),
                                      [this, copy, to = what.to] { deliver_snapshot(to, *copy); });
                         }});
}

void server::deliver_snapshot(raft::server_id to, const key_values& snapshot) {
  auto* receiver = around_.find(to);
  bool is_connected = receiver != nullptr && receiver->is_running() && !receiver->is_paused()
                      && !around_.links.is_cut(id_, to) && !around_.links.is_cut(to, id_);
  if (!is_connected || random_.happens(100))
    return life_->protocol.snapshot_failed(to);
  auto sent = snapshot;
  if (has(bug::snapshot_named_later))
    sent.pretend_applied(disk_.state().last_applied(), disk_.state().chain());
  if (has(bug::snapshot_without_members))
    sent.forget_membership();
  life_->streams[to] = ++last_stream_;
  in_process(stream_patience, [this, to, number = last_stream_] { give_up_stream(to, number); });
  receiver->receive({id_, incarnation()}, sent);
}

// The receiver's process ended, or its disk hangs.
void server::give_up_stream(raft::server_id to, std::uint64_t number) {
  auto found = life_->streams.find(to);
  if (found == life_->streams.end() || found->second != number)
    return;
  life_->streams.erase(found);
  life_->protocol.snapshot_failed(to);
}

// Verified, and recorded beside the untouched log, before the core hears of it.
void server::receive(const raft::server_life& from, const key_values& snapshot) {
  in_process(0, [this, from, snapshot] {
    auto is_recorded = std::make_shared<bool>(false);
    auto record = [this, is_recorded, snapshot] { *is_recorded = disk_.record_install(snapshot); };
    log_thread_.enqueue({record, [this, is_recorded, from, snapshot] {
                           if (*is_recorded)
                             tell_received(from, snapshot);
                           else if (auto* sender = around_.find(from.id))
                             sender->snapshot_arrived({id_, incarnation()}, snapshot.last_applied(),
                                                      false);
                         }});
  });
}

void server::tell_received(const raft::server_life& from, const key_values& snapshot) {
  ++around_.counters.snapshots;
  bool is_wanted = life_->protocol.snapshot_received(
      {snapshot.last_applied(), snapshot.chain(), snapshot.membership()});
  note([&] {
    return "received a snapshot at " + raft::to_string(snapshot.last_applied())
           + (is_wanted ? "" : ", of no use");
  });
  if (!is_wanted)
    log_thread_.enqueue({[this] { disk_.drop_install(); }, [] {}});
  if (auto* sender = around_.find(from.id))
    sender->snapshot_arrived({id_, incarnation()}, snapshot.last_applied(), true);
}

// The sender's side of the stream ends.
void server::snapshot_arrived(const raft::server_life& to, const raft::entry_id& point,
                              bool is_taken) {
  if (!is_running())
    return;
  in_process(random_.between(0, 5 * millisecond), [this, to, point, is_taken] {
    life_->streams.erase(to.id);
    if (is_taken)
      life_->protocol.snapshot_sent(to.id, point);
    else
      life_->protocol.snapshot_failed(to.id);
  });
}

// The swap, then the log; a crash in between is taken up again at the next start.
void server::perform_install(const raft::install_request& what) {
  state_thread_.enqueue({[this] {
                           disk_.swap_in();
                           around_.judge.opened(*this);
                         },
                         [this, point = what.point.id] {
                           log_thread_.enqueue({[this] { disk_.finish_install(); },
                                                [this, point] {
                                                  ++around_.counters.installs;
                                                  life_->protocol.installed(point);
                                                  if (auto digest = reported_digest())
                                                    life_->protocol.digest_recorded(*digest);
                                                }});
                         }});
}

} // namespace sim
