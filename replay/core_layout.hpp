// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tuple>

#include "replay/core_input.hpp"
#include "transport/message_layout.hpp"

/// The fields of what goes into a core and comes out of it, in order, as bytes: messages as on the
/// wire (transport/wire_fields.hpp), all else by the same rules. A field that is added to a struct and
/// not here does not compile.
namespace transport::wire {

#define ASPEN_REPLAY_LAYOUT(Type, ...)                                                             \
  template <>                                                                                      \
  struct layout<Type> {                                                                            \
    using type_of_fields = Type;                                                                   \
    static constexpr auto fields = std::tuple{__VA_ARGS__};                                        \
  }
#define ASPEN_REPLAY_EMPTY(Type)                                                                   \
  template <>                                                                                      \
  struct layout<Type> {                                                                            \
    static constexpr auto fields = std::tuple<>{};                                                 \
  }

template <>
struct enum_max<raft::membership_refusal> {
  static constexpr auto value =
      static_cast<std::uint8_t>(raft::membership_refusal::quorum_would_be_lost);
};

// Values of the protocol.
ASPEN_REPLAY_LAYOUT(raft::server_life, &type_of_fields::id, &type_of_fields::incarnation);
ASPEN_REPLAY_LAYOUT(raft::member, &type_of_fields::id, &type_of_fields::incarnation,
                    &type_of_fields::raft_addr, &type_of_fields::http_addr);
ASPEN_REPLAY_LAYOUT(raft::hard_state, &type_of_fields::current_term, &type_of_fields::voted_for,
                    &type_of_fields::commit_index);
ASPEN_REPLAY_LAYOUT(raft::term_start, &type_of_fields::first_index, &type_of_fields::term);
ASPEN_REPLAY_LAYOUT(raft::membership_at, &type_of_fields::index, &type_of_fields::membership);
ASPEN_REPLAY_LAYOUT(raft::damaged_run, &type_of_fields::first, &type_of_fields::last,
                    &type_of_fields::chain_before);
ASPEN_REPLAY_LAYOUT(raft::state_outvote, &type_of_fields::own, &type_of_fields::majority);
ASPEN_REPLAY_LAYOUT(raft::proposal, &type_of_fields::request, &type_of_fields::kind,
                    &type_of_fields::payload, &type_of_fields::leader_time_ms,
                    &type_of_fields::trace, &type_of_fields::answer_needs_apply,
                    &type_of_fields::deadline_ms);
ASPEN_REPLAY_LAYOUT(raft::add_learner, &type_of_fields::who);
ASPEN_REPLAY_LAYOUT(raft::promote_learner, &type_of_fields::id);
ASPEN_REPLAY_LAYOUT(raft::remove_member, &type_of_fields::id);
ASPEN_REPLAY_EMPTY(raft::accepted);
ASPEN_REPLAY_LAYOUT(raft::membership_refused, &type_of_fields::why, &type_of_fields::leader,
                    &type_of_fields::limit, &type_of_fields::actual);
ASPEN_REPLAY_LAYOUT(raft::transfer_refused, &type_of_fields::why, &type_of_fields::leader);

// The beginning.
ASPEN_REPLAY_LAYOUT(raft::core_config, &type_of_fields::self, &type_of_fields::incarnation,
                    &type_of_fields::cluster_id, &type_of_fields::boot,
                    &type_of_fields::heartbeat_ticks, &type_of_fields::election_timeout_ticks_min,
                    &type_of_fields::election_timeout_ticks_max,
                    &type_of_fields::proposals_in_flight_max,
                    &type_of_fields::proposal_bytes_in_flight_max,
                    &type_of_fields::reads_waiting_max, &type_of_fields::log_entries_kept_min,
                    &type_of_fields::log_bytes_kept_max,
                    &type_of_fields::window_applied_entries_max,
                    &type_of_fields::snapshot_pin_ticks_max, &type_of_fields::leases_enabled,
                    &type_of_fields::clock_drift_ticks);
ASPEN_REPLAY_LAYOUT(raft::recovered_state, &type_of_fields::state, &type_of_fields::snapshot,
                    &type_of_fields::last, &type_of_fields::last_chain,
                    &type_of_fields::term_starts, &type_of_fields::memberships,
                    &type_of_fields::last_applied, &type_of_fields::pending_install,
                    &type_of_fields::state_is_lost, &type_of_fields::digest,
                    &type_of_fields::damaged);
ASPEN_REPLAY_LAYOUT(replay::core_beginning, &type_of_fields::config, &type_of_fields::recovered,
                    &type_of_fields::random_seed);

// Inputs.
ASPEN_REPLAY_EMPTY(replay::inputs::tick);
ASPEN_REPLAY_LAYOUT(replay::inputs::wall_clock, &type_of_fields::unix_time_ms);
ASPEN_REPLAY_LAYOUT(replay::inputs::step, &type_of_fields::from, &type_of_fields::body);
ASPEN_REPLAY_LAYOUT(replay::inputs::propose, &type_of_fields::what);
ASPEN_REPLAY_LAYOUT(replay::inputs::forget_proposal, &type_of_fields::request);
ASPEN_REPLAY_LAYOUT(replay::inputs::propose_membership, &type_of_fields::request,
                    &type_of_fields::change);
ASPEN_REPLAY_LAYOUT(replay::inputs::transfer_leadership, &type_of_fields::to);
ASPEN_REPLAY_LAYOUT(replay::inputs::read_index, &type_of_fields::request);
ASPEN_REPLAY_LAYOUT(replay::inputs::wait_applied, &type_of_fields::request, &type_of_fields::index);
ASPEN_REPLAY_LAYOUT(replay::inputs::forget_read, &type_of_fields::request);
ASPEN_REPLAY_LAYOUT(replay::inputs::found, &type_of_fields::founders);
ASPEN_REPLAY_LAYOUT(replay::inputs::peer_lost, &type_of_fields::peer);
ASPEN_REPLAY_LAYOUT(replay::inputs::cast_out, &type_of_fields::is_out);
ASPEN_REPLAY_LAYOUT(replay::inputs::disk_full, &type_of_fields::is_full);
ASPEN_REPLAY_LAYOUT(replay::inputs::snapshot_sent, &type_of_fields::to, &type_of_fields::point);
ASPEN_REPLAY_LAYOUT(replay::inputs::snapshot_failed, &type_of_fields::to);
ASPEN_REPLAY_LAYOUT(replay::inputs::snapshot_received, &type_of_fields::point);
ASPEN_REPLAY_LAYOUT(replay::inputs::installed, &type_of_fields::point);
ASPEN_REPLAY_EMPTY(replay::inputs::install_failed);
ASPEN_REPLAY_EMPTY(replay::inputs::persisted);
ASPEN_REPLAY_LAYOUT(replay::inputs::applied, &type_of_fields::last);
ASPEN_REPLAY_LAYOUT(replay::inputs::digest_recorded, &type_of_fields::point);
ASPEN_REPLAY_EMPTY(replay::inputs::apply_due);
ASPEN_REPLAY_LAYOUT(replay::inputs::log_read, &type_of_fields::entries);
ASPEN_REPLAY_EMPTY(replay::inputs::repaired);
ASPEN_REPLAY_EMPTY(replay::inputs::repair_refused);
ASPEN_REPLAY_LAYOUT(replay::inputs::checkpoint_completed, &type_of_fields::index);
ASPEN_REPLAY_LAYOUT(replay::inputs::compacted, &type_of_fields::point);
ASPEN_REPLAY_EMPTY(replay::inputs::take_ready);

// Outputs: written only.
ASPEN_REPLAY_EMPTY(std::monostate);
ASPEN_REPLAY_LAYOUT(raft::event, &type_of_fields::what, &type_of_fields::term,
                    &type_of_fields::index);
ASPEN_REPLAY_LAYOUT(raft::outgoing_message, &type_of_fields::to, &type_of_fields::body);
ASPEN_REPLAY_LAYOUT(raft::persist_request, &type_of_fields::entries, &type_of_fields::truncate_from,
                    &type_of_fields::state);
ASPEN_REPLAY_LAYOUT(raft::proposal_appended, &type_of_fields::request, &type_of_fields::id);
ASPEN_REPLAY_LAYOUT(raft::proposal_committed, &type_of_fields::request, &type_of_fields::id);
ASPEN_REPLAY_LAYOUT(raft::proposal_dropped, &type_of_fields::request);
ASPEN_REPLAY_LAYOUT(raft::proposal_refused, &type_of_fields::request, &type_of_fields::why);
ASPEN_REPLAY_LAYOUT(raft::proposal_unknown, &type_of_fields::request);
ASPEN_REPLAY_LAYOUT(raft::read_confirmed, &type_of_fields::request, &type_of_fields::index);
ASPEN_REPLAY_LAYOUT(raft::read_dropped, &type_of_fields::request);
ASPEN_REPLAY_LAYOUT(raft::apply_request, &type_of_fields::entries);
ASPEN_REPLAY_LAYOUT(raft::log_read_request, &type_of_fields::first, &type_of_fields::last,
                    &type_of_fields::bytes_max);
ASPEN_REPLAY_LAYOUT(raft::compact_request, &type_of_fields::up_to);
ASPEN_REPLAY_LAYOUT(raft::snapshot_to_send, &type_of_fields::to, &type_of_fields::incarnation,
                    &type_of_fields::at_least);
ASPEN_REPLAY_LAYOUT(raft::install_request, &type_of_fields::point);
ASPEN_REPLAY_LAYOUT(raft::repair_request, &type_of_fields::entries);
ASPEN_REPLAY_LAYOUT(raft::ready, &type_of_fields::events, &type_of_fields::send_now,
                    &type_of_fields::persist, &type_of_fields::send_after_persist,
                    &type_of_fields::proposals, &type_of_fields::reads, &type_of_fields::apply,
                    &type_of_fields::log_read, &type_of_fields::compact,
                    &type_of_fields::snapshots_to_send, &type_of_fields::install,
                    &type_of_fields::outvoted, &type_of_fields::repair,
                    &type_of_fields::log_is_whole, &type_of_fields::start_apply_timer);

#undef ASPEN_REPLAY_LAYOUT
#undef ASPEN_REPLAY_EMPTY

} // namespace transport::wire
