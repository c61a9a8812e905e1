// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <variant>

#include "base/limits.hpp"
#include "raft/bounds.hpp"
#include "raft/ready.hpp"
#include "raft/types.hpp"

namespace raft {

/// What stays the same for a core's whole life. Times are counted in ticks, whose
/// length is the caller's.
struct core_config {
  server_id self;
  base::uuid cluster_id;
  std::uint32_t heartbeat_ticks = 1;
  std::uint32_t election_timeout_ticks_min = 10;
  std::uint32_t election_timeout_ticks_max = 20;
  /// Proposed and not yet applied.
  std::uint64_t proposals_in_flight_max = base::limits::proposals_in_flight_max;
  /// Of payload.
  std::uint64_t proposal_bytes_in_flight_max = base::limits::proposal_bytes_in_flight_max;
  std::uint64_t reads_waiting_max = base::limits::reads_waiting_max;
  /// The log is compacted when more entries than this lie below a completed checkpoint.
  std::uint64_t log_entries_kept_min = base::limits::log_entries_kept_min;
  /// Applied entries that stay in memory for followers that are a little behind.
  std::size_t window_applied_entries_max = bounds::window_applied_entries_max;
};

/// What the two stores held when they were opened and found to agree.
struct recovered_state {
  hard_state state;
  snapshot_point snapshot; ///< the log begins right after it
  entry_id last;           ///< equals `snapshot.id` when the log is empty
  chain_hash last_chain;
  std::vector<term_start> term_starts; ///< of the entries above the snapshot point
  raft::membership membership;         ///< the newest in the log, committed or not
  log_index last_applied;              ///< of the state machine
};

/// A uniformly distributed number in [0, bound). Seeded by the caller.
using random_source = std::function<std::uint64_t(std::uint64_t bound)>;

/// What a proposal carries, besides its place in the log.
struct proposal {
  request_id request;
  entry_kind kind = entry_kind::command;
  raft::payload payload;
  std::uint64_t leader_time_ms = 0;
  base::uuid trace;
  /// The client waits for the result of applying it, not only for its commit.
  bool answer_needs_apply = false;
};

struct accepted {};
/// The leader is somebody else; `leader` is zero when none is known.
struct not_leader {
  server_id leader;
};
/// A bound on what is under way is reached; nothing was done.
struct overloaded {
  std::uint64_t limit;
  std::uint64_t actual; ///< what it would have become
};
using propose_outcome = std::variant<accepted, not_leader, overloaded>;
using read_outcome = std::variant<accepted, not_leader, overloaded>;

/// The core as others may see it, for health, metrics and `/v1/cluster`.
enum class role_name { follower, pre_candidate, candidate, leader, learner };
struct core_status {
  role_name role = role_name::follower;
  raft::term current_term;
  server_id voted_for;
  server_id leader; ///< zero: none known
  log_index first_index;
  log_index last_index;
  log_index durable_index;
  log_index commit_index;
  log_index durable_commit_index;
  log_index last_applied;
  raft::membership membership;
  std::uint64_t proposals_in_flight = 0;
  std::uint64_t proposal_bytes_in_flight = 0;
  std::uint64_t reads_waiting = 0;
};

/// The Raft protocol as a value (thesis 3, 4, 6.4). It does no I/O, reads no clock
/// and draws no randomness but what it was given; the same inputs yield the same
/// `ready`s, bit for bit. One caller at a time; no member blocks.
///
/// After any input the caller takes `take_ready` until it is empty and performs it.
class core {
public:
  /// Requires: `recovered` passed the cross-check; violations throw.
  /// A sole voter campaigns at once: its first `take_ready` carries the vote.
  core(core_config config, recovered_state recovered, random_source random);
  ~core();
  core(core&&) noexcept;
  core& operator=(core&&) noexcept;

  /// One unit of time passed.
  void tick();
  /// A peer spoke. Messages of strangers and of past terms are answered or dropped
  /// as the thesis says; none of them throws.
  void step(server_id from, message body);
  /// Queues a proposal; it joins the next batch, which closes when the previous
  /// persist is done (two stores, one truth: rule 9). Requires: its kind is `command`.
  propose_outcome propose(proposal what);
  /// Asks for a read index (thesis 6.4). Whoever waits makes apply start at once.
  /// Requires, here and below: no read with that number waits.
  read_outcome read_index(request_id request);
  /// Asks to be told (as a confirmed read) when `index` is applied here, whoever
  /// leads: reading one's own writes anywhere. Refused when `reads_waiting_max` is reached.
  read_outcome wait_applied(request_id request, log_index index);
  /// The caller no longer waits: its answer, if any, is not produced.
  void forget_read(request_id request);

  // Completions. Each requires that what it completes is under way; throws otherwise.

  /// The persist under way is durable.
  void persisted();
  /// The apply under way is done; `last` is its last index.
  void applied(log_index last);
  /// The apply timer that `ready::start_apply_timer` asked for fired.
  void apply_due();
  /// The entries asked for by `ready::log_read`, contiguous from its `first`, at least one.
  void log_read(std::vector<entry> entries);
  /// A checkpoint that holds the state at `index` is complete in the database file. Comes
  /// unasked, in any order with `applied`.
  void checkpoint_completed(log_index index);
  /// The log now begins after `point`, which lies at or below what was asked for.
  void compacted(snapshot_point point);

  /// What is owed; empty when nothing is.
  ready take_ready();
  core_status status() const;

private:
  struct implementation;
  std::unique_ptr<implementation> self_;
  friend class invariant_checker;
};

} // namespace raft
