// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "actors/protocol.hpp"
#include "actors/snapshot_transport.hpp"
#include "storage/snapshot_source.hpp"

/// The messages between the actors that snapshots bring about (protocol.hpp has the others).
namespace actors {

// -- a new state: storage writer → reader pool → reader, and back -------------------

/// Answer what was asked, close every connection, and keep what comes meanwhile. Answered
/// within a bound: a read that takes longer is interrupted.
struct close_readers {};
struct readers_closed {};
struct close_connection {};
struct connection_closed {
  std::size_t which;
};
/// The readers go on with this one.
struct use_connection {
  std::shared_ptr<storage::state_reader> connection;
};

// -- snapshots out: raft actor → snapshot sender → its streams, and back ----------------

struct send_snapshot {
  generation life;
  raft::server_id to;
  raft::log_index at_least; ///< an older one is of no use there
};
struct get_snapshot_source {};
struct snapshot_source_reply {
  std::shared_ptr<storage::snapshot_source> source;
};
/// Sender → raft actor: a copy holds up the WAL; refuse new writes, or no longer (rule 13).
struct slow_writes {
  generation life;
  bool are_slowed;
};
/// A file ready to be sent.
struct snapshot_file {
  std::string path;
  snapshot_offer offer; ///< but for the term
};
struct stream_snapshot {
  raft::server_id to;
  raft::term term;
  std::shared_ptr<const snapshot_file> file;
};
struct snapshot_stream_progress {
  raft::server_id to;
  std::uint64_t bytes_sent;
  std::uint64_t bytes_total;
};
struct snapshot_stream_ended {
  std::size_t which;
  raft::server_id to;
  std::shared_ptr<const snapshot_file> file;
  std::string why;  ///< empty: the peer stands on the snapshot
  bool was_refused; ///< the peer does not want this file
};
struct snapshot_was_sent {
  generation life;
  raft::server_id to;
  std::shared_ptr<const snapshot_file> file;
};
struct snapshot_not_sent {
  generation life;
  raft::server_id to;
};

// -- snapshots in: transport → snapshot receiver → log writer, raft actor, storage writer

struct snapshot_offered {
  std::shared_ptr<snapshot_input> stream;
};
/// Receiver → log writer: the file is verified and has its name.
struct record_install {
  std::shared_ptr<const storage::pending_install> what;
};
struct install_recorded {};
/// Receiver → raft actor: it is recorded; the core says when it takes the state's place.
struct snapshot_arrived {
  generation life;
  std::shared_ptr<const storage::pending_install> what;
};
/// Raft actor → log writer and receiver: it is of no use here any more.
struct drop_install {
  generation life;
};
/// Raft actor → storage writer: now. Nothing is being applied.
struct install_pending {
  generation life;
};
/// Storage writer → log writer: the state machine is the pending snapshot now; its last step.
struct finish_install {};
struct install_finished {
  std::shared_ptr<const storage::log_state> log;
};
/// Storage writer → raft actor and receiver.
struct snapshot_installed {
  generation life;
  std::uint64_t write_counter; ///< of the log store, after it
  std::shared_ptr<const raft::snapshot_point> point;
  std::optional<raft::digest_point> digest{}; ///< recorded in the snapshot
};

} // namespace actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::close_readers)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::readers_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::close_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::connection_closed)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::use_connection)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::send_snapshot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::get_snapshot_source)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::snapshot_source_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::slow_writes)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::stream_snapshot)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::snapshot_stream_progress)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::snapshot_stream_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::snapshot_was_sent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::snapshot_not_sent)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::snapshot_offered)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::record_install)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::install_recorded)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::snapshot_arrived)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::drop_install)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::install_pending)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::finish_install)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::install_finished)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::snapshot_installed)
