// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <type_traits>

#include "raft/format.hpp"
#include "replay/core_input.hpp"

namespace replay {

namespace {

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

/// Each input with what it says; one without anything is its name alone.
struct input_text {
  std::string operator()(inputs::tick) const { return "tick"; }
  std::string operator()(inputs::wall_clock what) const {
    return "wall_clock " + number(what.unix_time_ms);
  }
  std::string operator()(const inputs::step& what) const {
    return "step from " + number(what.from.id.value) + ": " + raft::to_string(what.body);
  }
  std::string operator()(const inputs::propose& what) const {
    return "propose " + number(what.what.request) + ", " + number(what.what.payload.size())
           + " bytes";
  }
  std::string operator()(inputs::forget_proposal what) const {
    return "forget_proposal " + number(what.request);
  }
  std::string operator()(const inputs::propose_membership& what) const {
    return "propose_membership " + number(what.request);
  }
  std::string operator()(inputs::transfer_leadership what) const {
    return "transfer_leadership to " + number(what.to.value);
  }
  std::string operator()(inputs::read_index what) const {
    return "read_index " + number(what.request);
  }
  std::string operator()(inputs::wait_applied what) const {
    return "wait_applied " + number(what.request) + " index " + number(what.index.value);
  }
  std::string operator()(inputs::forget_read what) const {
    return "forget_read " + number(what.request);
  }
  std::string operator()(const inputs::found& what) const {
    return "found " + raft::to_string(what.founders);
  }
  std::string operator()(inputs::peer_lost what) const {
    return "peer_lost " + number(what.peer.value);
  }
  std::string operator()(inputs::cast_out what) const {
    return what.is_out ? "cast_out" : "cast_out no longer";
  }
  std::string operator()(inputs::disk_full what) const {
    return what.is_full ? "disk_full" : "disk_full no longer";
  }
  std::string operator()(const inputs::snapshot_sent& what) const {
    return "snapshot_sent to " + number(what.to.value) + ": " + raft::to_string(what.point);
  }
  std::string operator()(inputs::snapshot_failed what) const {
    return "snapshot_failed to " + number(what.to.value);
  }
  std::string operator()(const inputs::snapshot_received& what) const {
    return "snapshot_received " + raft::to_string(what.point.id);
  }
  std::string operator()(const inputs::installed& what) const {
    return "installed " + raft::to_string(what.point);
  }
  std::string operator()(inputs::install_failed) const { return "install_failed"; }
  std::string operator()(inputs::persisted) const { return "persisted"; }
  std::string operator()(inputs::applied what) const {
    return "applied " + number(what.last.value);
  }
  std::string operator()(const inputs::digest_recorded& what) const {
    return "digest_recorded " + number(what.point.index.value);
  }
  std::string operator()(inputs::apply_due) const { return "apply_due"; }
  std::string operator()(const inputs::log_read& what) const {
    return "log_read, " + number(what.entries.size()) + " entries";
  }
  std::string operator()(inputs::repaired) const { return "repaired"; }
  std::string operator()(inputs::repair_refused) const { return "repair_refused"; }
  std::string operator()(inputs::checkpoint_completed what) const {
    return "checkpoint_completed " + number(what.index.value);
  }
  std::string operator()(const inputs::compacted& what) const {
    return "compacted " + raft::to_string(what.point.id);
  }
  std::string operator()(inputs::take_ready) const { return "take_ready"; }
};

struct output_text {
  std::string operator()(std::monostate) const { return {}; }
  std::string operator()(bool is_so) const { return is_so ? "yes" : "no"; }
  template <class Output>
  std::string operator()(const Output& what) const {
    return raft::to_string(what);
  }
};

} // namespace

std::string to_string(const core_input& what) {
  return std::visit(input_text{}, what);
}

std::string to_string(const core_output& what) {
  return std::visit(output_text{}, what);
}

} // namespace replay
