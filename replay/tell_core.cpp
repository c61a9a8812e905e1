// SPDX-License-Identifier: Apache-2.0
#include "replay/core_input.hpp"

namespace replay {

namespace {

/// One call of the core for each input.
struct teller {
  raft::core& core;

  core_output operator()(inputs::tick) const { return core.tick(), core_output(); }
  core_output operator()(inputs::wall_clock what) const {
    return core.wall_clock(what.unix_time_ms), core_output();
  }
  core_output operator()(const inputs::step& what) const {
    return core.step(what.from, what.body), core_output();
  }
  core_output operator()(const inputs::propose& what) const { return core.propose(what.what); }
  core_output operator()(inputs::forget_proposal what) const {
    return core.forget_proposal(what.request), core_output();
  }
  core_output operator()(const inputs::propose_membership& what) const {
    return core.propose_membership(what.request, what.change);
  }
  core_output operator()(inputs::transfer_leadership what) const {
    return core.transfer_leadership(what.to);
  }
  core_output operator()(inputs::read_index what) const { return core.read_index(what.request); }
  core_output operator()(inputs::wait_applied what) const {
    return core.wait_applied(what.request, what.index);
  }
  core_output operator()(inputs::forget_read what) const {
    return core.forget_read(what.request), core_output();
  }
  core_output operator()(const inputs::found& what) const {
    return core.found(what.founders), core_output();
  }
  core_output operator()(inputs::peer_lost what) const {
    return core.peer_lost(what.peer), core_output();
  }
  core_output operator()(inputs::cast_out what) const {
    return core.cast_out(what.is_out), core_output();
  }
  core_output operator()(inputs::disk_full what) const {
    return core.disk_full(what.is_full), core_output();
  }
  core_output operator()(const inputs::snapshot_sent& what) const {
    return core.snapshot_sent(what.to, what.point), core_output();
  }
  core_output operator()(inputs::snapshot_failed what) const {
    return core.snapshot_failed(what.to), core_output();
  }
  core_output operator()(const inputs::snapshot_received& what) const {
    return core.snapshot_received(what.point);
  }
  core_output operator()(const inputs::installed& what) const {
    return core.installed(what.point), core_output();
  }
  core_output operator()(inputs::install_failed) const {
    return core.install_failed(), core_output();
  }
  core_output operator()(inputs::persisted) const { return core.persisted(), core_output(); }
  core_output operator()(inputs::applied what) const {
    return core.applied(what.last), core_output();
  }
  core_output operator()(const inputs::digest_recorded& what) const {
    return core.digest_recorded(what.point), core_output();
  }
  core_output operator()(inputs::apply_due) const { return core.apply_due(), core_output(); }
  core_output operator()(const inputs::log_read& what) const {
    return core.log_read(what.entries), core_output();
  }
  core_output operator()(inputs::repaired) const { return core.repaired(), core_output(); }
  core_output operator()(inputs::repair_refused) const {
    return core.repair_refused(), core_output();
  }
  core_output operator()(inputs::checkpoint_completed what) const {
    return core.checkpoint_completed(what.index), core_output();
  }
  core_output operator()(const inputs::compacted& what) const {
    return core.compacted(what.point), core_output();
  }
  core_output operator()(inputs::take_ready) const { return core.take_ready(); }
};

} // namespace

core_output tell(raft::core& whom, const core_input& what) {
  return std::visit(teller{whom}, what);
}

} // namespace replay
