// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "raft/bounds.hpp"
#include "raft/core_state.hpp"

namespace raft {

/// The core's inside: the functions of the core_*.cpp files, which are named in the comments,
/// over its data. Included by those files and the invariant checker alone.
struct core::implementation : core_state {
  implementation(core_config config_given, recovered_state recovered, random_source random_given);

  // core_ready.cpp, core_propose.cpp.
  ready take_ready();
  core_status status() const;
  peer_status status_of(server_id id, const progress& peer) const;
  propose_outcome propose(proposal what);
  propose_outcome admit(const proposal& what) const;

  // core_disk.cpp.
  /// Its disk cannot follow: full, or a persist has been under way for an election timeout.
  bool is_disk_in_trouble() const;
  void tick_disk();
  void disk_full(bool is_full);
  void give_up_lead();

  // core_roles.cpp: role changes.
  void tick();
  void set_term(raft::term next, server_id vote);
  void become_follower(raft::term at, server_id leader_id);
  /// After every input: a sole voter needs nobody to campaign; a role must fit the membership.
  void settle();
  void leave_leadership();
  void emit(event::kind what, log_index index);
  server_life self() const { return {config.self, config.incarnation}; }
  bool is_voter() const { return members().is_voter(self()); }
  /// Thesis 4.2.2: whoever is removed by a configuration that is not committed may be the only
  /// one that can get it committed, and still starts elections.
  bool takes_part() const {
    return is_voter()
           || (history.current_index() > commit_index && history.at(commit_index).is_voter(self()));
  }
  bool is_sole_voter() const { return members().is_sole_voter(self()); }
  std::uint32_t draw_timeout();
  bool is_leader() const { return std::holds_alternative<roles::leader>(role); }
  const membership& members() const { return history.current(); }
  /// Zero when unknown.
  server_id leader_id() const;

  // core_step.cpp (thesis 3.3).
  void step(const server_life& from, const message& body);
  void step(server_id from, const message& body);
  bool is_ignored(const server_life& from, const message& body) const;
  bool moves_term(const message& body) const;
  void refuse_past_term(const server_life& from, const message& body);
  void dispatch(const server_life& from, const message& body);

  // core_messages.cpp: what leaves, and when it may.
  void send(server_id to, message body);
  /// Leaves when term, vote and the log up to `needs_index` are durable.
  void send_when_durable(server_id to, message body, log_index needs_index = {});
  void hand_over_messages(ready& out);

  // core_election.cpp (thesis 3.4, 4.2.3, 9.6).
  bool may_campaign() const;
  bool is_last_resort() const;
  void forget_leader(roles::follower& self);
  void campaign();
  std::set<server_life> other_voters() const;
  bool is_asked(const request_vote& request) const;
  void become_pre_candidate();
  void become_candidate(bool is_transfer = false);
  void become_leader();
  void count_own_vote();
  void tick_election();
  bool has_leader_contact() const;
  bool is_up_to_date(const entry_id& candidate_last) const;
  void handle_request_vote(server_id from, const request_vote& request);
  void handle_request_vote_reply(const server_life& from, const request_vote_reply& reply);

  // core_append.cpp: the follower's side of append_entries (thesis 3.5).
  void handle_append_entries(server_id from, const append_entries& request);
  void answer_while_installing(server_id from, const append_entries& request);
  void follow(server_id leader_id);
  std::variant<append_accepted, append_conflict, append_diverged> match_and_append(
      const append_entries& request);
  std::optional<append_diverged> append_missing(const std::vector<entry>& entries,
                                                const chain_hash& chain_before);
  void truncate_from(log_index first, const chain_hash& chain_before);
  void append(entry what);

  // core_replication.cpp: the leader's side (thesis 3.5, 3.6.2).
  void tick_leader();
  void check_quorum(roles::leader& self);
  void replicate();
  void replicate_to(roles::leader& self, server_id id, progress& peer);
  void send_entries(roles::leader& self, server_id id, progress& peer, const entry_id& previous,
                    const chain_hash& previous_chain, std::vector<entry> entries);
  void send_heartbeat(roles::leader& self, server_id id, progress& peer);
  void handle_append_entries_reply(const server_life& from, const append_entries_reply& reply);
  bool takes_answer(const server_life& from, progress& peer) const;
  void handle_conflict(progress& peer, const append_entries_reply& reply);
  void commit_by_quorum();
  void commit_to(log_index index);

  // core_membership.cpp (thesis 4).
  membership_outcome propose_membership(request_id request, const membership_change& change);
  std::optional<membership_refused> refusal_of(const membership_change& change) const;
  std::optional<membership_refused> refusal_of(const add_learner& add) const;
  std::optional<membership_refused> refusal_of(const roles::leader& self,
                                               const promote_learner& promote) const;
  std::optional<membership_refused> quorum_refusal(const roles::leader& self,
                                                   const membership_change& change) const;
  bool is_reachable(const progress& peer) const;
  bool is_fresh(const progress& peer) const;
  void advance_membership();
  void found(const membership& founders);
  void peer_lost(server_id id);
  void say_goodbye(roles::leader& self);
  std::vector<member> departing() const;
  void name_lives();
  void reconcile_peers(roles::leader& self);
  /// What counts of `who` to a leader: null for itself, for strangers, for earlier lives and
  /// for the fenced.
  static const progress* peer_of(const roles::leader& self, const member& who);

  // core_digest.cpp (two stores, one truth: rule 28).
  void digest_recorded(const digest_point& point);
  std::optional<digest_point> newest_digest() const;
  void take_digest(server_id from, progress& peer, const digest_point& point);
  const digest_point* digest_of(const roles::leader& self, const member& who, log_index at) const;
  std::optional<digest_point> digest_of_majority(const roles::leader& self, log_index at) const;
  void compare_digests(log_index at);
  bool may_report(const roles::leader& self, const member& who, log_index at) const;
  void review_digests();
  void raise_digest_alarm(roles::leader& self, log_index at);
  void handle_state_outvoted(server_id from, const state_outvoted& what);
  void become_outvoted(const digest_point& majority);

  // core_repair.cpp: damaged entries of a log.
  bool holds_committed(log_index first, log_index last) const;
  void handle_entry_request(server_id from, const entry_request& request);
  void handle_entry_reply(server_id from, const entry_reply& reply);
  std::set<server_id> other_members() const;
  void tick_repair();
  void begin_repair(ready& out);
  void begin_asked_log_read(ready& out);
  void repaired();
  void repair_refused();
  /// Another core takes over: nothing is begun that it would not know of.
  bool is_repair_over() const { return is_damaged && damaged.empty(); }

  // core_transfer.cpp (thesis 3.10).
  server_id best_successor() const;
  transfer_outcome transfer_leadership(server_id to);
  void advance_transfer();
  void tick_transfer(roles::leader& self);
  void hand_over_at_once();
  void handle_timeout_now(server_id from);

  // core_lease.cpp (thesis 6.4.1).
  void tick_lease(roles::leader& self);
  void extend_lease(const roles::leader& self, progress& peer, std::uint64_t number) const;
  bool has_lease() const;

  // core_snapshot.cpp (thesis 5).
  void begin_snapshots(ready& out);
  void snapshot_sent(server_id to, const entry_id& point);
  void snapshot_failed(server_id to);
  bool is_log_pinned() const;
  bool snapshot_received(snapshot_point point);
  void begin_install(ready& out);
  void installed(const entry_id& point);
  void install_failed();
  bool may_apply() const { return !install && !state_is_lost && !outvoted && !is_damaged; }

  // core_persist.cpp (two stores, one truth: rules 5, 9).
  void append_queued_proposals();
  entry make_entry(entry_kind kind, raft::payload content) const;
  void begin_persist(ready& out);
  log_index commit_index_to_record(const log_view::batch& batch) const;
  void persisted();

  // core_apply.cpp (rules 6-8, 14).
  log_index applied_or_applying() const { return applying.value_or(last_applied); }
  log_index apply_limit() const;
  bool is_apply_urgent() const;
  log_index apply_target() const;
  bool wants_commit_persist() const;
  void begin_apply(ready& out);
  std::vector<entry> next_to_apply();
  void begin_log_read(ready& out);
  void begin_peer_log_read(ready& out, server_id id, const progress& peer);
  void begin_compact(ready& out);
  void applied(log_index last);
  void apply_due();
  void log_read_done(std::vector<entry> entries);
  void take_fetched(std::vector<entry> entries);
  void send_fetched(roles::leader& self, server_id id, progress& peer, std::vector<entry> entries);
  void trim_window();
  void checkpoint_completed(log_index index);
  void compacted(snapshot_point point);

  // read_index.cpp (thesis 6.4).
  read_outcome read_index(request_id request);
  read_outcome wait_applied(request_id request, log_index index);
  void admit_read(request_id request);
  void forget_read(request_id request);
  void begin_read_round();
  void finish_read_round();
  /// A quorum stood behind this leader after the read came: it may see `index`.
  void confirm_read(request_id request, log_index index);
  void confirm_applied_reads();
  bool has_own_commit(const roles::leader& self) const { return commit_index >= self.no_op; }

  // core_forward.cpp (thesis 6.2): clients of a follower.
  propose_outcome forward(proposal what, server_id leader);
  void handle_forward_proposal(const server_life& from, const forward_proposal& request);
  void refuse_past_forward(const server_life& from, const forward_proposal& request);
  void handle_forward_proposal_reply(const forward_proposal_reply& reply);
  void answer(proposal_answer what);
  void answer_origin(const origin& to, const proposal_answer& what);
  void settle_forwarded();
  void forget_proposal(request_id request);

  // core_questions.cpp (thesis 6.4): reads of a follower.
  void begin_question();
  void handle_read_index(const server_life& from, const raft::read_index& request);
  void handle_read_index_reply(const read_index_reply& reply);
  void tick_question();
  /// The leader that was asked is no longer the one to ask.
  void drop_questions();
  void drop_reads(const std::vector<request_id>& dropped);
  /// A number of our own for another server's question.
  request_id take_origin(origin from);
  static bool is_origin(request_id request) { return request >> 63 != 0; }
};

} // namespace raft
