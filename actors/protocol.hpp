// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/allowed_unsafe_message_type.hpp>

#include "actors/client_requests.hpp"
#include "actors/inspection_requests.hpp"
#include "actors/peer_inbox.hpp"
#include "actors/peer_transport.hpp"
#include "base/result.hpp"
#include "raft/ready.hpp"
#include "storage/log_store.hpp"
#include "storage/state_machine.hpp"

/// Every message between the node's actors, in the order of the conversation. They
/// never leave the process: peers speak raft/messages.hpp over their own transport.
/// What is large travels behind a shared pointer to something immutable.
namespace actors {

/// Which life of the supervised group. A completion of another life is ignored (INV-90).
using generation = std::uint64_t;

// -- life: supervisor → child, once, before anything else ------------------------

/// Open what you own and begin. Answered by `begun`, or by an error with its text.
struct begin {};
struct begun {};

// -- time: the actor's own clock → itself -----------------------------------------

struct tick {};
/// The apply timer fired (two stores, one truth: rule 6).
struct apply_timer {};

// -- log: raft actor → log writer → raft actor ------------------------------------

struct get_log_state {};
struct log_state_reply {
  std::shared_ptr<const storage::log_state> state;
};

struct persist {
  generation life;
  std::shared_ptr<const storage::log_batch> batch;
};
struct persisted {
  generation life;
  std::uint64_t write_counter; ///< of the log store, after it
};
/// The persist under way meets a full disk; it is tried again until space returns.
struct persist_stuck {
  generation life;
  std::string why;
};

struct read_log {
  generation life;
  raft::log_read_request range;
};
struct log_was_read {
  generation life;
  std::shared_ptr<const std::vector<raft::entry>> entries;
};

/// Inspector, scanner → log writer: entries from `first` on, up to `last` and about `bytes_max`, each
/// compared with its checksum and chain. An error when the log does not hold `first` any more.
struct copy_entries {
  raft::log_index first;
  raft::log_index last;
  std::size_t bytes_max;
};
struct entries_copied {
  std::shared_ptr<const std::vector<raft::entry>> entries; ///< at least one
};

/// Put a peer's entries in the places of damaged ones.
struct repair_log {
  generation life;
  std::shared_ptr<const std::vector<raft::entry>> entries;
};
struct log_repaired {
  generation life;
  std::string refusal; ///< empty: they are durable; else why they were not written
  std::shared_ptr<const storage::log_state> whole; ///< set when nothing is damaged any more
};

struct compact_log {
  generation life;
  raft::log_index up_to;
};
struct log_compacted {
  generation life;
  std::shared_ptr<const raft::snapshot_point> point;
};

// -- state: raft actor → storage writer → raft actor -------------------------------

struct get_state_meta {};
struct state_meta_reply {
  std::shared_ptr<const storage::state_meta> meta;
  bool is_lost = false; ///< there is no state machine until a snapshot was installed
};

/// Scanner → storage writer: what apply changed since it was asked last, and the state that led to.
struct take_row_changes {
  enum class next { begin, go_on, end };
  next what;
};
struct row_changes_taken {
  /// Null: not all of them were noted.
  std::shared_ptr<const std::vector<storage::row_change>> changes;
  raft::log_index at;
  storage::state_digest digest; ///< as recorded at `at`
};

struct apply {
  generation life;
  std::shared_ptr<const std::vector<raft::entry>> entries;
  storage::log_watermark watermark;
};
struct applied {
  generation life;
  raft::log_index first;
  std::shared_ptr<const std::vector<storage::command_result>> results; ///< from `first` on
  std::optional<raft::digest_point> digest{};                          ///< recorded within these
};
/// The replicas outvoted this server's state: record it, durably, and end (INV-29).
struct record_outvoted {
  generation life;
  raft::state_outvote what;
};
/// The apply under way meets a full disk or a foreign lock; it is tried again.
struct apply_stuck {
  generation life;
  failure_code code;
  std::string why;
};

// -- checkpoint: scheduler → storage writer → log writer, and back -----------------

struct run_checkpoint {
  storage::checkpoint_mode mode;
  reply_to<checkpoint_done> reply; ///< none: nobody waits
};
/// Storage writer → log writer; nothing is applied until the answer is here (rule 11).
struct mark_checkpoint {
  raft::log_index index;
  bool is_completed;
};
struct checkpoint_marked {};
/// Storage writer → raft actor: the log may be compacted up to `index`.
struct checkpoint_finished {
  generation life;
  raft::log_index index;
};
/// Storage writer → scheduler, whoever that is now.
struct checkpoint_ended {};
/// The same way: the WAL has grown by `wal_growth_told_bytes` since the last of these.
struct wal_grew {};

// -- reads: raft actor → reader pool → reader --------------------------------------

struct open_readers {
  std::size_t count;
};
struct readers_opened {
  std::vector<std::shared_ptr<storage::state_reader>> readers;
};

struct pooled_read {
  query what;
  base::uuid trace;
  reply_to<query_result> reply;
  std::uint64_t queued_at_ns; ///< steady clock
};
struct read_batch {
  std::shared_ptr<std::vector<pooled_read>> reads;
};
/// Reader → pool: give me more.
struct reader_idle {
  std::size_t which;
};

// -- peers: peer links and the transport's thread ↔ raft actor -----------------------

/// Peer links → raft actor, once: messages for peers go straight through `way`, which
/// never blocks.
struct links_ready {
  generation life;
  std::shared_ptr<peer_transport> way;
};
/// Transport → raft actor: a peer spoke.
struct peer_spoke {
  generation life;
  raft::server_life from;
  std::shared_ptr<inbound_message> what;
};
/// Peer links → raft actor: the link to a peer was lost.
struct peer_lost {
  generation life;
  raft::server_id which;
};
/// Transport → peer links: something about a link changed.
struct link_changed {};
/// Transport → peer links: it ended by itself.
struct transport_failed {
  std::string why;
};
/// Raft actor → peer links: these are the members now.
struct talk_to {
  generation life;
  std::shared_ptr<const raft::membership> members;
  raft::log_index index; ///< where it took effect
};
/// Raft actor → peer links: does a server of that id answer at that address? Answered
/// within a bound, by what it said of itself or by an error that says why not.
struct find_member {
  raft::server_id id;
  std::string raft_addr;
};
struct member_found {
  raft::member who;
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::begin)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::begun)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::tick)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::apply_timer)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::client_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::checkpoint_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::get_log_state)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::log_state_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::persist)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::persisted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::persist_stuck)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::read_log)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::log_was_read)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::copy_entries)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::entries_copied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::repair_log)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::log_repaired)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::compact_log)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::log_compacted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::get_state_meta)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::state_meta_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::take_row_changes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::row_changes_taken)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::apply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::applied)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::record_outvoted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::apply_stuck)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::run_checkpoint)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::mark_checkpoint)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::checkpoint_marked)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::checkpoint_finished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::checkpoint_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::wal_grew)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::open_readers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::readers_opened)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::read_batch)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::reader_idle)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::links_ready)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::peer_spoke)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::peer_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::link_changed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::transport_failed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::talk_to)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::find_member)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::member_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::cluster_request)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::hand_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::snapshot_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::copy_log_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::backup_now)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::read_held_file)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::validate_now)
