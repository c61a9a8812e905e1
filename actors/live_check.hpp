// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "actors/node_status.hpp"
#include "storage/log_store.hpp"
#include "storage/state_machine.hpp"

namespace actors {

/// What the owners of both stores said, in the order in which they were asked: the state machine first,
/// the log after it. The other way round a healthy node looks as if its state were ahead of its log (two
/// stores, one truth: rule 23).
struct live_evidence {
  std::shared_ptr<const storage::state_meta> state;
  std::shared_ptr<const storage::log_state> log;
  /// Asked after the log: a checkpoint and a compaction may lie between the first two.
  std::shared_ptr<const storage::state_meta> state_after;
  bool state_is_lost = false;
  std::optional<raft::entry> at_last_applied; ///< where the log still holds that index
  raft::log_index verified_from;              ///< entries whose checksum and chain were compared
  raft::log_index verified_to;                ///< zero: none
  std::shared_ptr<const scan_status> rows;    ///< what is known of the rows
  std::chrono::steady_clock::time_point now;
};

/// The rules of the cross-check that can be asked of running stores: INV-73, INV-75 to INV-78, INV-83. Pure.
storage::check_report judge_live(const live_evidence& all);

} // namespace actors
