// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <variant>

#include "base/limits.hpp"
#include "raft/bounds.hpp"
#include "raft/membership_change.hpp"
#include "raft/outcomes.hpp"
#include "raft/ready.hpp"
#include "raft/status.hpp"
#include "raft/types.hpp"

namespace raft {

/// What stays the same for a core's whole life. Times are counted in ticks, whose
/// length is the caller's.
struct core_config {
  server_id self;
  raft::incarnation incarnation; ///< of `self`
  base::uuid cluster_id;
  /// Names this process's life: never used before by this server. Not nil.
  base::uuid boot;
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
  /// Or when more payload than this was applied since the last compaction.
  std::uint64_t log_bytes_kept_max = base::limits::log_bytes_kept_max;
  /// Applied entries that stay in memory for followers that are a little behind.
  std::size_t window_applied_entries_max = bounds::window_applied_entries_max;
  /// How long compaction may be held back for one peer's snapshot.
  std::uint64_t snapshot_pin_ticks_max = 6000;
  /// Reads without a round while a quorum answered lately (thesis 6.4.1). Safe only while no
  /// two servers' clocks drift apart by more than `clock_drift_ticks` in an election timeout,
  /// and the caller tells every tick in time, those it missed before anything else. All
  /// servers of a cluster set it alike.
  bool leases_enabled = false;
  std::uint32_t clock_drift_ticks = 2;
};

/// What the two stores held when they were opened and found to agree.
struct recovered_state {
  hard_state state;
  snapshot_point snapshot; ///< the log begins right after it
  entry_id last;           ///< equals `snapshot.id` when the log is empty
  chain_hash last_chain;
  std::vector<term_start> term_starts;    ///< of the entries above the snapshot point
  std::vector<membership_at> memberships; ///< in the log, committed or not, ascending
  log_index last_applied;                 ///< of the state machine
  /// A snapshot that was received and not installed yet. `last_applied` may be its index.
  std::optional<snapshot_point> pending_install = std::nullopt;
  /// There is no state machine, and the log does not reach back to the beginning:
  /// `last_applied` is zero. Such a server votes, but does not campaign.
  bool state_is_lost = false;
  /// The newest digest recorded beside the state.
  std::optional<digest_point> digest = std::nullopt;
  /// Ascending. While there are any, this server neither votes, campaigns, applies nor
  /// acknowledges: it only asks the other members for these entries (INV-28).
  std::vector<damaged_run> damaged = {};
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
  /// Unix time after which nobody waits; only a forwarded proposal looks at it. Zero: none.
  std::uint64_t deadline_ms = 0;
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
  /// The wall clock, for forwarded proposals alone: stamped into their entries, and compared
  /// with their deadlines. Told before other inputs, as often as the caller likes.
  void wall_clock(std::uint64_t unix_time_ms);
  /// A peer spoke. Messages of strangers and of past terms are answered or dropped
  /// as the thesis says; none of them throws. Answers count for the life they came from.
  void step(const server_life& from, message body);
  /// The same, when the caller knows that `from` is in the life the newest membership names.
  void step(server_id from, message body);
  /// A leader queues the proposal; it joins the next batch, which closes when the previous
  /// persist is done (two stores, one truth: rule 9). Anybody else who knows the leader
  /// forwards it, once (thesis 6.2); it then ends like a local one, or not before
  /// `forget_proposal` when a message is lost. Requires: its kind is `command`.
  propose_outcome propose(proposal what);
  /// The caller no longer waits for a proposal it was told is on its way: it may still be
  /// done ("unknown"). A forwarded one is forgotten, and counts as in flight no longer.
  void forget_proposal(request_id request);
  /// Begins a change of who takes part (thesis 4). The answers are a proposal's: appended,
  /// then committed when the configuration it ends in is; unknown when this server stops
  /// leading before. The refusals are values; a leader alone accepts.
  membership_outcome propose_membership(request_id request, membership_change change);
  /// Hands leadership over to `to`, or, when that is zero, to the voter that has most of the
  /// log (thesis 3.10). Proposals are refused until it happened (`status().role`) or an
  /// election timeout passed (`transfer_abandoned`).
  transfer_outcome transfer_leadership(server_id to);

  /// Asks for a read index (thesis 6.4), of the leader when that is somebody else; reads
  /// that come while a question is out share the next one. Whoever waits makes apply start
  /// at once. Requires, here and below: no read with that number waits.
  read_outcome read_index(request_id request);
  /// Asks to be told (as a confirmed read) when `index` is applied here, whoever
  /// leads: reading one's own writes anywhere. Refused when `reads_waiting_max` is reached.
  read_outcome wait_applied(request_id request, log_index index);
  /// The caller no longer waits: its answer, if any, is not produced.
  void forget_read(request_id request);

  /// Writes the founding entry of a cluster whose founders have all been met, each in the life
  /// that it names; all of them write the same. Without effect when there is an entry already.
  /// Requires: this server, in its life, is one of the voters.
  void found(const membership& founders);
  /// The link to `peer` was lost: it counts as unreachable until it answers again.
  void peer_lost(server_id peer);
  /// Every server that can be asked says that this one is no member, or no longer. It does not
  /// campaign meanwhile: nobody would hear it (thesis 4.2.3).
  void cast_out(bool is_out);

  /// The log's or the state machine's disk is full, or no longer. A leader with other voters
  /// hands over; a sole voter stays and refuses proposals. Nobody campaigns meanwhile.
  void disk_full(bool is_full);

  // Snapshots (thesis 5; two stores, one truth: rules 15-17).

  /// The peer has a snapshot at `point`, verified and recorded.
  void snapshot_sent(server_id to, const entry_id& point);
  void snapshot_failed(server_id to);
  /// A verified snapshot at `point` is recorded as pending. True: `ready::install` will ask
  /// for it, and until `installed` this server neither campaigns nor applies. False: it is
  /// of no use here (any more); the caller drops it and its record. While one waits
  /// (`status().is_installing`) no other may be recorded in its place.
  bool snapshot_received(snapshot_point point);
  /// The install under way is done, in both stores.
  void installed(const entry_id& point);
  /// The install under way cannot be finished; the caller dropped the file and the record,
  /// and the state machine is what it was before.
  void install_failed();

  // Completions. Each requires that what it completes is under way; throws otherwise.

  /// The persist under way is durable.
  void persisted();
  /// The apply under way is done; `last` is its last index.
  void applied(log_index last);
  /// The state machine recorded its digest at an index that is applied; comes after `applied`
  /// or `installed`, by its own choice of indexes, which all servers share.
  void digest_recorded(const digest_point& point);
  /// The apply timer that `ready::start_apply_timer` asked for fired: what was committed when it
  /// was asked for is due.
  void apply_due();
  /// The entries asked for by `ready::log_read`, contiguous from its `first`, at least one.
  void log_read(std::vector<entry> entries);
  /// The entries that `ready::repair` named are durable in their places.
  void repaired();
  /// They were not written: they contradict what stands around them.
  void repair_refused();
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
