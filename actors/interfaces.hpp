// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include "actors/protocol.hpp"
#include "actors/snapshot_protocol.hpp"

/// One typed handle an actor: what it accepts → what it answers.
namespace actors {

/// Every supervised child understands at least this.
using child_begin = caf::replies_to<begin>::with<begun>;

/// The only owner of the log store. May block on the disk: detached.
using log_writer_handle =
    caf::typed_actor<child_begin,
                     caf::replies_to<get_log_state>::with<log_state_reply>, // raft actor
                     caf::reacts_to<persist>,                               // raft actor
                     caf::reacts_to<read_log>,                              // raft actor
                     caf::replies_to<copy_entries>::with<entries_copied>,   // inspector, scanner
                     caf::reacts_to<repair_log>,                            // raft actor
                     caf::reacts_to<compact_log>,                           // raft actor
                     caf::replies_to<mark_checkpoint>::with<checkpoint_marked>, // storage writer
                     caf::replies_to<record_install>::with<install_recorded>,   // receiver
                     caf::replies_to<finish_install>::with<install_finished>,   // storage writer
                     caf::reacts_to<drop_install>,                              // raft actor
                     caf::reacts_to<tick>>;                                     // itself: a retry

/// The only writer and only checkpointer of the state machine. May block: detached.
using storage_writer_handle =
    caf::typed_actor<child_begin,
                     caf::replies_to<get_state_meta>::with<state_meta_reply>,    // raft actor
                     caf::replies_to<take_row_changes>::with<row_changes_taken>, // scanner
                     caf::reacts_to<apply>,                                      // raft actor
                     caf::reacts_to<record_outvoted>,                            // raft actor
                     caf::reacts_to<run_checkpoint>,                             // scheduler
                     caf::replies_to<open_readers>::with<readers_opened>,        // reader pool
                     caf::replies_to<get_snapshot_source>::with<snapshot_source_reply>, // sender
                     caf::reacts_to<install_pending>, // raft actor
                     caf::reacts_to<tick>>;           // itself: a retry

/// Reads on one read-only connection. May block: detached.
using reader_handle = caf::typed_actor<caf::reacts_to<read_batch>, caf::reacts_to<close_connection>,
                                       caf::reacts_to<use_connection>>;

/// Hands reads to the readers that are free; bounded. Never blocks.
using reader_pool_handle = caf::typed_actor<child_begin,
                                            caf::reacts_to<read_batch>,  // gateway, raft actor
                                            caf::reacts_to<reader_idle>, // reader
                                            caf::replies_to<close_readers>::with<readers_closed>,
                                            caf::reacts_to<readers_opened>,    // storage writer
                                            caf::reacts_to<connection_closed>, // reader
                                            caf::reacts_to<tick>>;             // itself

/// Drives the protocol core. Never blocks.
using raft_handle =
    caf::typed_actor<child_begin, caf::reacts_to<tick>, caf::reacts_to<apply_timer>, // itself
                     caf::reacts_to<client_batch>,                                   // gateway
                     caf::reacts_to<persisted>, caf::reacts_to<persist_stuck>,       // log writer
                     caf::reacts_to<log_was_read>, caf::reacts_to<log_compacted>,
                     caf::reacts_to<log_repaired>, caf::reacts_to<applied>,
                     caf::reacts_to<apply_stuck>, // storage writer
                     caf::reacts_to<snapshot_was_sent>, caf::reacts_to<snapshot_not_sent>, // sender
                     caf::reacts_to<slow_writes>,
                     caf::reacts_to<snapshot_arrived>,   // receiver
                     caf::reacts_to<snapshot_installed>, // storage writer
                     caf::reacts_to<checkpoint_finished>, caf::reacts_to<links_ready>,
                     caf::reacts_to<peer_lost>,                                   // peer links
                     caf::reacts_to<peer_spoke>,                                  // transport
                     caf::reacts_to<cluster_request>, caf::reacts_to<hand_over>>; // gateway, node

/// Keeps the transport to the other servers. Never blocks.
using peer_links_handle =
    caf::typed_actor<child_begin, caf::reacts_to<tick>, caf::reacts_to<link_changed>,
                     caf::reacts_to<transport_failed>,                  // transport
                     caf::reacts_to<talk_to>,                           // raft actor
                     caf::replies_to<find_member>::with<member_found>>; // raft actor

/// Makes snapshot files and has them sent. May block: detached, its streams too.
using snapshot_sender_handle =
    caf::typed_actor<child_begin,
                     caf::reacts_to<send_snapshot>,            // raft actor
                     caf::reacts_to<snapshot_now>,             // gateway
                     caf::reacts_to<backup_now>,               // gateway
                     caf::reacts_to<snapshot_stream_progress>, // stream
                     caf::reacts_to<snapshot_stream_ended>, caf::reacts_to<tick>>;
using snapshot_stream_handle = caf::typed_actor<caf::reacts_to<stream_snapshot>>;

/// Receives snapshots. May block: detached.
using snapshot_receiver_handle =
    caf::typed_actor<child_begin,
                     caf::reacts_to<snapshot_offered>,   // transport
                     caf::reacts_to<snapshot_installed>, // storage writer
                     caf::reacts_to<drop_install>,       // raft actor
                     caf::reacts_to<tick>>;              // itself

/// Answers operators' questions about both stores in use; asks their owners. May block: detached.
using inspector_handle =
    caf::typed_actor<child_begin, caf::reacts_to<copy_log_now>, caf::reacts_to<read_held_file>,
                     caf::reacts_to<validate_now>>; // gateway

/// Compares rows and entries with their digests, a little at a time. Never blocks.
using storage_scanner_handle = caf::typed_actor<child_begin, caf::reacts_to<tick>>;

/// Says when a checkpoint is due, never how. Never blocks.
using checkpoint_scheduler_handle =
    caf::typed_actor<child_begin, caf::reacts_to<tick>,
                     caf::reacts_to<checkpoint_now>,   // gateway
                     caf::reacts_to<checkpoint_ended>, // storage writer
                     caf::reacts_to<wal_grew>>;        // storage writer

} // namespace actors
