// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "raft/core.hpp"
#include "raft/forwarded_proposals.hpp"
#include "raft/log_view.hpp"
#include "raft/membership.hpp"
#include "raft/proposal_queue.hpp"
#include "raft/read_queue.hpp"
#include "raft/recent_digests.hpp"
#include "raft/roles.hpp"

namespace raft {

/// Everything a core remembers, and nothing it does. Included by core_implementation.hpp alone.
struct core_state {
  /// A reply that must not leave before what it says is durable.
  struct held_message {
    outgoing_message what;
    std::uint64_t needs_version; ///< of term and vote
    log_index needs_index;
  };
  struct persist_under_way {
    hard_state state;
    std::uint64_t version;
  };
  /// Entries were asked for: to be applied, for `peer`, or for `asker`.
  struct log_read_under_way {
    log_index first;
    log_index last;
    std::optional<server_id> peer;
    std::optional<server_id> asker; ///< whose log is damaged there
  };

  /// Another server's question, waiting here under a number of our own.
  struct origin {
    server_life from;
    base::uuid boot;
    std::uint64_t number; ///< of the proposal or of the round
  };
  /// The newest proposal that a server forwarded here.
  struct forwarder {
    base::uuid boot;
    std::uint64_t number = 0;
  };

  /// Requires what `core::core` does.
  core_state(core_config config_given, recovered_state recovered, random_source random_given);

  core_config config;
  random_source random;

  // Figure 3.1, in memory and as the disk has it. `version` counts changes of term and vote.
  raft::term current_term;
  server_id voted_for;
  log_index commit_index;
  std::uint64_t version = 0;
  hard_state durable_state;
  std::uint64_t durable_version = 0;
  std::optional<persist_under_way> persisting;

  log_view log;
  membership_history history;
  roles::role role;
  std::optional<request_id> changing; ///< asks for the change under way
  proposal_queue proposals;
  forwarded_proposals forwarded;
  read_queue reads;

  // Between servers, on behalf of clients.
  std::uint64_t wall_clock_ms = 0;
  std::map<server_id, forwarder> forwarders;
  std::map<request_id, origin> origins;
  std::uint64_t origins_made = 0;
  std::uint64_t question_round = 0; ///< the newest asked
  std::uint32_t question_ticks = 0; ///< since it was asked
  raft::term recovered_term;        ///< an earlier life may have led up to here

  // Applying.
  log_index last_applied;
  std::optional<log_index> applying; ///< last index of the apply under way
  std::uint64_t applying_bytes = 0;  ///< its payload
  std::vector<entry> fetched;        ///< read from the log, next to be applied
  std::optional<log_read_under_way> reading;
  std::set<server_id> peers_to_read_for; ///< whose next entries are not in memory
  bool is_apply_timer_running = false;
  log_index timer_index; ///< committed when the timer was asked for
  log_index due_index;   ///< the timer made everything up to here due

  // The disk, and snapshots received.
  bool is_disk_full = false;
  bool is_cast_out = false;
  std::uint32_t persisting_ticks = 0; ///< of the persist under way
  std::uint64_t contact_ticks = 0;    ///< since a leader was heard, whichever; or since the start
  std::optional<snapshot_point> install;
  bool is_installing = false; ///< asked for
  bool state_is_lost = false;
  recent_digests digests;
  std::optional<state_outvote> outvoted; ///< nothing is done any more

  // Damaged entries: ours, and what others asked for.
  bool is_damaged = false;          ///< from the start to the end of this core
  std::vector<damaged_run> damaged; ///< what is left
  std::vector<entry> repairing;     ///< a peer's, to be written or under way
  bool is_repairing = false;        ///< under way
  std::uint32_t repair_ticks = 0;   ///< since a peer was asked
  std::size_t repair_turn = 0;      ///< counts the peers that were asked
  std::set<server_id> without_copy; ///< these do not hold what is damaged first
  bool owes_whole = false;
  std::map<server_id, entry_request> entries_wanted; ///< by others, from the disk

  // Compaction.
  log_index checkpointed;
  std::optional<log_index> compacting; ///< asked to compact up to here
  bool is_compaction_due = false;
  std::uint64_t bytes_since_compaction = 0;  ///< payload applied
  std::uint64_t bytes_before_compaction = 0; ///< of it when `compacting` was asked for

  // What the next `ready` carries.
  bool owes_outvoted = false;
  std::vector<event> events;
  std::vector<outgoing_message> outbox;
  std::vector<held_message> held;
  std::vector<proposal_answer> proposal_answers;
  std::vector<read_answer> read_answers;
};

} // namespace raft
