// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/answer.hpp"
#include "base/uuid.hpp"
#include "raft/types.hpp"
#include "storage/command.hpp"
#include "storage/state_machine.hpp"

/// What clients ask of the actors, through the gateway. Each carries its own answer.
namespace actors {

// -- writes: gateway → raft actor ------------------------------------------------

/// A plain put was committed; a conditional write or delete was applied.
struct written {
  storage::revision revision;
  std::uint64_t rows_deleted = 0;
  /// Set instead of a change when the precondition did not hold.
  std::optional<storage::precondition_failed> precondition_failed;
};

/// `command` is an encoded `storage::command`, hashed by the asker's thread.
struct client_write {
  raft::payload command;
  bool answer_needs_apply = false; ///< conditional, or a delete
  base::uuid trace;
  reply_to<written> reply;
};

// -- reads: gateway → raft actor → reader pool → reader --------------------------

enum class consistency { linearizable, stale };

using query = std::variant<std::string, storage::scan_request>; ///< a key, or a scan
using query_result = std::variant<storage::get_result, storage::scan_page>;

struct client_read {
  query what;
  actors::consistency consistency = consistency::linearizable;
  raft::log_index min_index; ///< zero: none; else wait until it is applied here
  base::uuid trace;
  reply_to<query_result> reply;
};

/// What one worker gathered in one turn of its loop: one message instead of many.
struct client_batch {
  std::shared_ptr<std::vector<client_write>> writes;
  std::shared_ptr<std::vector<client_read>> reads;
};

// -- administration: gateway → checkpoint scheduler, storage writer, supervisor --

struct checkpoint_done {
  std::uint64_t pages_checkpointed = 0;
  std::uint64_t wal_size_before_bytes = 0;
  std::uint64_t wal_size_after_bytes = 0;
};
struct checkpoint_now {
  reply_to<checkpoint_done> reply;
};

// -- the cluster: gateway → raft actor --------------------------------------------

/// Admit a server that answers at `raft_addr`, as a learner. A known id is its next life.
struct add_member {
  raft::server_id id;
  std::string raft_addr;
};
/// Give a learner a vote.
struct promote_member {
  raft::server_id id;
};
struct remove_member {
  raft::server_id id;
};
/// Hand leadership to that voter; zero: to the one that is best up to date.
struct transfer_leadership {
  raft::server_id to;
};
using cluster_change = std::variant<add_member, promote_member, remove_member, transfer_leadership>;

/// A membership is committed, or another server leads.
struct cluster_changed {
  raft::membership members;
  raft::server_id leader;
  raft::log_index index; ///< of the membership's entry; zero for a transfer
};

/// Only the leader can; any other node refuses and names it.
struct cluster_request {
  cluster_change what;
  reply_to<cluster_changed> reply;
};

// -- supervision: gateway → supervisor --------------------------------------------

/// What an operator's restart set going; the status board shows how it ends.
struct restart_under_way {
  std::string what; ///< "restarting group 'stores'"
};

/// A new life for the child `name` and its group, through the gate, without back-off,
/// whatever the circuit says. Refused: `unknown_child`, `draining`, `unavailable` when it
/// waits for another child or hangs, `conflict` when there is no quarantine to be cleared.
struct restart_child {
  std::string name;                  ///< of a child, or of a group
  reply_to<restart_under_way> reply; ///< none: nobody waits
  /// Only out of a refusal: what the refusal left behind is put away first, and the gate
  /// looks at everything.
  bool clears_quarantine = false;
};

/// The node is about to stop: hand leadership over if it is here. Nobody waits for it.
struct hand_over {};

} // namespace actors
