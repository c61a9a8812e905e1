// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>

#include <caf/typed_event_based_actor.hpp>

#include "actors/client_ledger.hpp"
#include "actors/peer_contacts.hpp"
#include "actors/raft_actor.hpp"
#include "actors/tick_clock.hpp"
#include "actors/traced.hpp"

namespace actors {

failure no_leader();
failure too_much(const raft::overloaded& bound);
failure fenced();
failure too_much_wal();
failure refusal_of(const raft::propose_outcome& outcome);

/// A change that needs servers which did not answer in the last moments: asked again, until they
/// did or have been silent for an election timeout.
struct waiting_change {
  raft::membership_change what;
  reply_to<cluster_changed> reply;
  caf::actor_clock::time_point until;
};

/// The raft actor's inside, for the raft_actor*.cpp files alone: begin, time, clients and
/// stores in raft_actor.cpp, what the core asks for in raft_actor_perform.cpp, peers and
/// membership in raft_actor_cluster.cpp and raft_actor_standing.cpp. Decides nothing of the protocol.
class raft_actor : public traced<raft_handle::base> {
public:
  raft_actor(caf::actor_config& config, const actor_context& context,
             std::shared_ptr<actor_stats> stats, generation life, raft_settings settings);

  behavior_type make_behavior() override;
  void on_exit() override;

protected:
  void describe_state(figure_list& out) const override;

private:
  // raft_actor.cpp
  caf::result<begun> on_begin();
  void start_core(const storage::log_state& log, const state_meta_reply& reply);
  void make_core(const storage::log_state& log, const state_meta_reply& reply);
  void on_log_repaired(const log_repaired& what);
  void begin_on_whole_log();
  void on_tick();
  void tell_time(bool is_tick_due);
  void on_client_batch(const client_batch& batch);
  void propose(client_write write);
  void accept_read(client_read read);
  void settle_unless_accepted(raft::request_id request, const raft::read_outcome& outcome);
  void on_persisted(const persisted& what);
  void on_applied(const applied& what);
  void on_persist_stuck(const persist_stuck& what);
  void on_apply_stuck(const apply_stuck& what);
  void begin_trouble(failure why, bool is_log);
  void end_trouble();
  void note_space();
  bool holds_reads_up() const;

  // raft_actor_perform.cpp
  void perform();
  void send_persist(raft::persist_request what);
  void send_apply(raft::apply_request what);
  void send_to_peers(std::vector<raft::outgoing_message> all);
  void settle(const raft::proposal_appended& what);
  void settle(const raft::proposal_committed& what);
  void settle(const raft::proposal_dropped& what);
  void settle(const raft::proposal_refused& what);
  void settle(const raft::proposal_unknown& what);
  void settle_read(const raft::read_answer& answer, std::vector<pooled_read>& confirmed);
  void end_outvoted(const raft::state_outvote& what);
  void record(const raft::event& event);
  void publish();

  // raft_actor_cluster.cpp
  void on_links_ready(const links_ready& what);
  void on_peer_spoke(const peer_spoke& what);
  void on_cluster_request(const cluster_request& what);
  void add(const add_member& what, reply_to<cluster_changed> reply);
  void change(waiting_change asked);
  void transfer(raft::server_id to, reply_to<cluster_changed> reply);
  void hand_leadership_over();
  bool settle_change(raft::request_id request, const answer<cluster_changed>& outcome);
  void settle_transfer(const answer<cluster_changed>& outcome);
  failure not_leading() const;
  void tell_peer_links();
  void note_contacts();
  void retry_changes();

  // raft_actor_trace.cpp
  void trace_peer(trace::event_kind kind, const char* step, raft::server_id peer,
                  const raft::message& body) const;
  void trace_core_began(const raft::hard_state& state);
  void trace_event(const raft::event& event);
  void learn_voters();

  // raft_actor_standing.cpp
  bool is_founding() const;
  raft::membership spoken_with() const;
  void look_at_standing();
  bool try_to_found(const peers_status& peers);
  std::string describe_founding(const peers_status& peers) const;
  void take_standing(bool is_cast_out, std::string text);

  // raft_actor_snapshots.cpp
  void send_snapshots(const std::vector<raft::snapshot_to_send>& all);
  void on_snapshot_was_sent(const snapshot_was_sent& what);
  void on_snapshot_not_sent(const snapshot_not_sent& what);
  void on_slow_writes(const slow_writes& what);
  void on_snapshot_arrived(const snapshot_arrived& what);
  void on_snapshot_installed(const snapshot_installed& what);

  caf::actor_clock::time_point now() { return system().clock().now(); }

  actor_context context_;
  generation life_;
  raft_settings settings_;
  tick_clock clock_;
  directory::handles others_;
  const step_trace proposed_;
  const step_trace committed_;
  const step_trace read_accepted_;
  std::optional<replay::recorded_core> core_;
  client_ledger ledger_;
  std::uint64_t write_counter_ = 0;
  /// Set while a store waits: what new requests are told.
  std::optional<failure> stuck_;
  bool is_log_stuck_ = false;
  bool is_space_short_ = false; ///< as the core was last told
  /// A snapshot is being copied and the WAL has grown beyond a bound (rule 13).
  bool are_writes_slowed_ = false;
  /// To leave when the persist under way is durable.
  std::vector<raft::outgoing_message> after_persist_;
  std::shared_ptr<peer_transport> way_; ///< null before the peer links have begun
  peer_links_handle links_;
  peer_contacts contacts_;
  std::map<raft::request_id, reply_to<cluster_changed>> changes_; ///< proposed, not committed
  std::optional<reply_to<cluster_changed>> transfer_;             ///< of the one under way
  std::vector<waiting_change> waiting_changes_;
  bool was_member_ = false;       ///< as far as the log reaches back
  raft::log_index members_index_; ///< where the newest membership took effect, at least
  raft::membership told_members_; ///< what the peer links were last told
  std::shared_ptr<const storage::log_state> whole_log_; ///< after the last repair
  std::optional<snapshot_arrived> arrived_early_;       ///< before there was a core
  raft_status status_;
  std::string voters_;      ///< as the trace names them; empty: not known since the last event
  bool is_leading_ = false; ///< as the events say
};

} // namespace actors
