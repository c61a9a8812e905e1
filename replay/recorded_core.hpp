// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "replay/core_input.hpp"

namespace replay {

/// Takes the records of one core's life, in order. Must not wait for a disk.
class record_sink {
public:
  virtual ~record_sink() = default;
  virtual void take(base::bytes record) = 0;
};

/// A `raft::core` that tells a sink how it began, everything it is told, and the digest of everything it
/// gives back; each before the core acts on it, so that what ends the core is there. Without a sink
/// it is the core alone. The members are the core's (raft/core.hpp).
class recorded_core {
public:
  recorded_core(const core_beginning& how, std::shared_ptr<record_sink> sink);

  void tick() {
    tell(inputs::tick{}, [&] { core_.tick(); });
  }
  void wall_clock(std::uint64_t unix_time_ms) {
    tell(inputs::wall_clock{unix_time_ms}, [&] { core_.wall_clock(unix_time_ms); });
  }
  void step(const raft::server_life& from, raft::message body);
  raft::propose_outcome propose(raft::proposal what);
  void forget_proposal(raft::request_id request) {
    tell(inputs::forget_proposal{request}, [&] { core_.forget_proposal(request); });
  }
  raft::membership_outcome propose_membership(raft::request_id request,
                                              const raft::membership_change& change) {
    return ask(inputs::propose_membership{request, change},
               [&] { return core_.propose_membership(request, change); });
  }
  raft::transfer_outcome transfer_leadership(raft::server_id to) {
    return ask(inputs::transfer_leadership{to}, [&] { return core_.transfer_leadership(to); });
  }
  raft::read_outcome read_index(raft::request_id request) {
    return ask(inputs::read_index{request}, [&] { return core_.read_index(request); });
  }
  raft::read_outcome wait_applied(raft::request_id request, raft::log_index index) {
    return ask(inputs::wait_applied{request, index},
               [&] { return core_.wait_applied(request, index); });
  }
  void forget_read(raft::request_id request) {
    tell(inputs::forget_read{request}, [&] { core_.forget_read(request); });
  }
  void found(const raft::membership& founders) {
    tell(inputs::found{founders}, [&] { core_.found(founders); });
  }
  void peer_lost(raft::server_id peer) {
    tell(inputs::peer_lost{peer}, [&] { core_.peer_lost(peer); });
  }
  void cast_out(bool is_out) {
    tell(inputs::cast_out{is_out}, [&] { core_.cast_out(is_out); });
  }
  void disk_full(bool is_full) {
    tell(inputs::disk_full{is_full}, [&] { core_.disk_full(is_full); });
  }
  void snapshot_sent(raft::server_id to, const raft::entry_id& point) {
    tell(inputs::snapshot_sent{to, point}, [&] { core_.snapshot_sent(to, point); });
  }
  void snapshot_failed(raft::server_id to) {
    tell(inputs::snapshot_failed{to}, [&] { core_.snapshot_failed(to); });
  }
  bool snapshot_received(const raft::snapshot_point& point) {
    return ask(inputs::snapshot_received{point}, [&] { return core_.snapshot_received(point); });
  }
  void installed(const raft::entry_id& point) {
    tell(inputs::installed{point}, [&] { core_.installed(point); });
  }
  void persisted() {
    tell(inputs::persisted{}, [&] { core_.persisted(); });
  }
  void applied(raft::log_index last) {
    tell(inputs::applied{last}, [&] { core_.applied(last); });
  }
  void digest_recorded(const raft::digest_point& point) {
    tell(inputs::digest_recorded{point}, [&] { core_.digest_recorded(point); });
  }
  void apply_due() {
    tell(inputs::apply_due{}, [&] { core_.apply_due(); });
  }
  void log_read(const std::vector<raft::entry>& entries) {
    if (sink_)
      note(inputs::log_read{entries});
    core_.log_read(entries);
  }
  void repaired() {
    tell(inputs::repaired{}, [&] { core_.repaired(); });
  }
  void repair_refused() {
    tell(inputs::repair_refused{}, [&] { core_.repair_refused(); });
  }
  void checkpoint_completed(raft::log_index index) {
    tell(inputs::checkpoint_completed{index}, [&] { core_.checkpoint_completed(index); });
  }
  void compacted(const raft::snapshot_point& point) {
    tell(inputs::compacted{point}, [&] { core_.compacted(point); });
  }
  raft::ready take_ready();
  raft::core_status status() const { return core_.status(); }

private:
  void note(const core_input& what);
  void note_output(const core_output& what);

  template <class Input, class Call>
  void tell(const Input& what, Call call) {
    if (sink_)
      note(what);
    call();
  }
  template <class Input, class Call>
  std::invoke_result_t<Call> ask(const Input& what, Call call) {
    tell(what, [] {});
    auto outcome = call();
    if (sink_)
      note_output(outcome);
    return outcome;
  }

  std::shared_ptr<record_sink> sink_;
  raft::core core_;
};

} // namespace replay
