// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "raft/core.hpp"
#include "raft/invariants.hpp"
#include "tests/unit/raft/memory_disk.hpp"
#include "tests/unit/raft/random_source.hpp"

namespace raft_test {

inline const base::uuid test_cluster = base::uuid_from_name("test");

/// Voters with the given numbers.
raft::membership voters(std::initializer_list<std::uint64_t> ids);
raft::core_config config_of(std::uint64_t id);

/// Which of the writes under way reached the disk before the process died.
struct crash_fate {
  bool persist_survives = false;
  bool apply_survives = false;
};

/// A core with its disk and with what it asked for under way, driven by hand: a test says
/// when the disk is done. Every input is followed by all invariants, and every message is
/// held against the disk when it leaves (INV-19).
class core_server {
public:
  core_server(raft::core_config config, memory_disk disk, std::uint64_t seed = 1);
  /// A founder.
  core_server(std::uint64_t id, const raft::membership& founders);

  /// Starts, or starts again, from what the disk holds.
  raft::ready start();
  bool is_running() const { return core_ != nullptr; }
  /// The process dies.
  void crash(crash_fate what = {});

  // Inputs. Each takes the `ready` it caused and returns it.
  raft::ready tick();
  raft::ready step(raft::server_id from, raft::message body);
  raft::ready step(const raft::server_life& from, raft::message body);
  raft::ready put(raft::request_id request, std::string payload, bool needs_apply = false);
  /// Proposes "r<number>" for each number in [first, end), and takes what that caused.
  raft::ready put_all(raft::request_id first, raft::request_id end);
  raft::ready read(raft::request_id request);
  raft::ready wait_applied(raft::request_id request, std::uint64_t index);
  raft::ready forget_read(raft::request_id request);
  raft::ready forget_proposal(raft::request_id request);
  raft::ready checkpoint(std::uint64_t index);
  raft::ready change(raft::request_id request, raft::membership_change what);
  raft::ready transfer(std::uint64_t to);
  raft::ready disk_full(bool is_full);
  raft::ready found(const raft::membership& founders);
  raft::ready peer_lost(std::uint64_t id);
  raft::ready cast_out(bool is_out);
  /// The state of `from` arrived. Whether it is to be installed.
  bool receive_snapshot(const memory_disk& from);
  raft::ready snapshot_sent(raft::server_id to, const raft::entry_id& point);
  raft::ready snapshot_failed(raft::server_id to);
  /// What the last `put`, `read` or `wait_applied` was told.
  const raft::propose_outcome& last_outcome() const { return last_outcome_; }
  /// What the last `change` or `transfer` was told.
  const raft::membership_outcome& last_change() const { return last_change_; }
  const raft::transfer_outcome& last_transfer() const { return last_transfer_; }

  // The outside is done with what it was asked. Requires: it was.
  raft::ready persisted();
  raft::ready applied();
  raft::ready log_read();
  raft::ready compacted();
  raft::ready timer_fired();
  /// The state machine recorded a digest at `index`, which is applied: `value` in its first lane.
  raft::ready digest(std::uint64_t index, std::uint64_t value, std::uint64_t version = 1);
  raft::ready installed();
  raft::ready install_failed();
  raft::ready repaired();
  raft::ready repair_refused();
  /// Completes whatever is under way until nothing is, the apply timer too.
  void settle();

  bool is_persisting() const { return persist_.has_value(); }
  bool is_applying() const { return apply_.has_value(); }
  bool is_reading() const { return log_read_.has_value(); }
  bool is_compacting() const { return compact_.has_value(); }
  bool is_timer_running() const { return is_timer_running_; }
  bool is_installing() const { return install_.has_value(); }
  bool is_repairing() const { return repair_.has_value(); }

  raft::core& protocol() { return *core_; }
  raft::core_status status() const { return core_->status(); }
  raft::server_id id() const { return config_.self; }
  raft::server_life life() const { return {config_.self, config_.incarnation}; }
  const raft::peer_status& peer(std::uint64_t id) const;
  const base::uuid& boot() const { return config_.boot; }
  memory_disk& disk() { return disk_; }
  const memory_disk& disk() const { return disk_; }

  // Everything said since the start of the process.
  std::vector<raft::proposal_answer> proposals;
  std::vector<raft::read_answer> reads;
  std::vector<raft::event> events;
  /// What left and was not taken away yet.
  std::deque<raft::outgoing_message> outbox;
  std::vector<raft::snapshot_to_send> snapshots_to_send;
  std::optional<raft::state_outvote> outvoted;
  bool is_log_whole = false; ///< the core asked to be made anew
  std::uint64_t entries_kept_by_store = base::limits::log_entries_kept_min;

  bool has_appended(raft::request_id request) const;
  bool has_committed(raft::request_id request) const;
  bool has_dropped(raft::request_id request) const;
  bool has_refused(raft::request_id request) const;
  bool is_unknown(raft::request_id request) const;
  std::optional<raft::log_index> confirmed_index(raft::request_id read) const;
  bool has_event(raft::event::kind what) const;
  bool has_dropped_read(raft::request_id read) const;

private:
  raft::ready take();
  void send(const raft::outgoing_message& what);

  raft::core_config config_;
  memory_disk disk_;
  random_numbers random_;
  std::unique_ptr<raft::core> core_;
  raft::invariant_checker invariants_;
  raft::propose_outcome last_outcome_;
  raft::membership_outcome last_change_;
  raft::transfer_outcome last_transfer_;
  mutable raft::core_status looked_at_;
  std::optional<raft::persist_request> persist_;
  std::vector<raft::outgoing_message> after_persist_;
  std::optional<raft::apply_request> apply_;
  std::optional<raft::log_read_request> log_read_;
  std::optional<raft::compact_request> compact_;
  std::optional<raft::install_request> install_;
  std::optional<raft::repair_request> repair_;
  std::uint64_t starts_ = 0;
  bool is_timer_running_ = false;
};

} // namespace raft_test
