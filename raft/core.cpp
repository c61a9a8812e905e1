// SPDX-License-Identifier: Apache-2.0
#include "raft/core.hpp"

#include <utility>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"

namespace raft {

namespace {

void check_config(const core_config& config) {
  BASE_CHECK(config.self != server_id{}, "server id zero stands for nobody");
  BASE_CHECK(!config.boot.is_nil(), "INV-18: every life of a process has a name of its own");
  BASE_CHECK(config.heartbeat_ticks > 0
                 && config.heartbeat_ticks < config.election_timeout_ticks_min
                 && config.election_timeout_ticks_min <= config.election_timeout_ticks_max,
             "heartbeats are more frequent than elections (thesis 3.9)");
}

void check_recovered(const core_config& config, const recovered_state& recovered) {
  auto first_possible = recovered.snapshot.id.index;
  BASE_CHECK(recovered.state.current_term >= recovered.last.term,
             "INV-01: no entry is newer than the current term");
  BASE_CHECK(recovered.state.commit_index <= recovered.last.index
                 && recovered.state.commit_index >= first_possible,
             "INV-04: the commit index lies inside the log");
  BASE_CHECK(recovered.last_applied <= recovered.state.commit_index,
             "INV-06: only committed entries were applied");
  BASE_CHECK(recovered.last_applied >= first_possible,
             "INV-09: what is compacted was applied here");
  if (first_possible == log_index{0})
    BASE_CHECK(recovered.snapshot.id.term == term{0}
                   && recovered.snapshot.chain == chain_seed(config.cluster_id),
               "INV-07: a whole log is chained from the cluster's seed");
}

} // namespace

core::implementation::implementation(core_config config_given, recovered_state recovered,
                                     random_source random_given)
  : config(std::move(config_given)), random(std::move(random_given)),
    current_term(recovered.state.current_term), voted_for(recovered.state.voted_for),
    commit_index(recovered.state.commit_index), durable_state(recovered.state),
    log(recovered.snapshot, recovered.last, recovered.last_chain, recovered.term_starts),
    history(recovered.membership), recovered_term(recovered.state.current_term),
    last_applied(recovered.last_applied) {
  check_config(config);
  check_recovered(config, recovered);
  if (is_voter())
    role = roles::follower{{}, 0, draw_timeout()};
  else
    role = roles::learner{};
  settle();
}

void core::implementation::emit(event::kind what, log_index index) {
  events.push_back({what, current_term, index});
}

std::uint32_t core::implementation::draw_timeout() {
  auto spread = config.election_timeout_ticks_max - config.election_timeout_ticks_min;
  return config.election_timeout_ticks_min
         + static_cast<std::uint32_t>(random(std::uint64_t{spread} + 1));
}

server_id core::implementation::leader_id() const {
  if (is_leader())
    return config.self;
  if (const auto* self = std::get_if<roles::follower>(&role))
    return self->leader_id;
  if (const auto* self = std::get_if<roles::learner>(&role))
    return self->leader_id;
  return {};
}

void core::implementation::set_term(raft::term next, server_id vote) {
  BASE_CHECK(next > current_term || (next == current_term && voted_for == server_id{}),
             "INV-01, INV-02: term and vote never go back");
  // What was promised in an earlier term is of no use to anybody any more.
  if (next > current_term)
    held.clear();
  current_term = next;
  voted_for = vote;
  ++version;
}

void core::implementation::leave_leadership() {
  if (!is_leader())
    return;
  for (auto request : proposals.drop_queued())
    answer(proposal_dropped{request});
  drop_reads(reads.drop_unconfirmed());
  peers_to_read_for.clear();
}

void core::implementation::become_follower(raft::term at, server_id leader_id) {
  if (at > current_term)
    set_term(at, {});
  leave_leadership();
  drop_questions();
  if (is_voter()) {
    role = roles::follower{leader_id, 0, draw_timeout()};
    emit(event::kind::became_follower, log.last().index);
  } else {
    role = roles::learner{leader_id, 0};
    emit(event::kind::became_learner, log.last().index);
  }
}

void core::implementation::settle() {
  if (auto* self = std::get_if<roles::learner>(&role); self != nullptr && is_voter())
    become_follower(current_term, self->leader_id);
  else if (auto* voter = std::get_if<roles::follower>(&role); voter != nullptr && !is_voter())
    become_follower(current_term, voter->leader_id);
  if (is_sole_voter() && !is_leader() && !std::holds_alternative<roles::candidate>(role))
    become_candidate();
}

void core::implementation::tick() {
  if (is_leader())
    tick_leader();
  else
    tick_election();
  tick_question();
  settle();
}

propose_outcome core::implementation::propose(proposal what) {
  BASE_CHECK(what.kind == entry_kind::command, "only commands are proposed");
  BASE_CHECK(!is_origin(what.request), "INV-17: numbers from 2^63 on are the core's own");
  auto outcome = admit(what);
  if (!std::holds_alternative<accepted>(outcome))
    return outcome;
  if (!is_leader())
    return forward(std::move(what), leader_id());
  proposals.add(std::move(what));
  return outcome;
}

// Whether there is room for it, and somebody who takes it.
propose_outcome core::implementation::admit(const proposal& what) const {
  if (leader_id() == server_id{})
    return not_leader{};
  auto entries = proposals.in_flight() + forwarded.in_flight() + 1;
  auto bytes = proposals.bytes_in_flight() + forwarded.bytes_in_flight() + what.payload.size();
  if (entries > config.proposals_in_flight_max)
    return overloaded{config.proposals_in_flight_max, entries};
  if (bytes > config.proposal_bytes_in_flight_max)
    return overloaded{config.proposal_bytes_in_flight_max, bytes};
  return accepted{};
}

ready core::implementation::take_ready() {
  ready out;
  append_queued_proposals();
  begin_persist(out);
  begin_read_round();
  begin_question();
  replicate();
  begin_apply(out);
  begin_log_read(out);
  begin_compact(out);
  hand_over_messages(out);
  out.events = std::exchange(events, {});
  out.proposals = std::exchange(proposal_answers, {});
  out.reads = std::exchange(read_answers, {});
  return out;
}

core_status core::implementation::status() const {
  core_status now;
  now.role = static_cast<role_name>(role.index());
  now.current_term = current_term;
  now.voted_for = voted_for;
  now.leader = leader_id();
  now.first_index = log.first_index();
  now.last_index = log.last().index;
  now.durable_index = log.durable_index();
  now.commit_index = commit_index;
  now.durable_commit_index = durable_state.commit_index;
  now.last_applied = last_applied;
  now.membership = members();
  now.proposals_in_flight = proposals.in_flight() + forwarded.in_flight();
  now.proposal_bytes_in_flight = proposals.bytes_in_flight() + forwarded.bytes_in_flight();
  now.reads_waiting = reads.size();
  if (const auto* leading = std::get_if<roles::leader>(&role))
    for (const auto& [id, peer] : leading->peers)
      now.peers.push_back(status_of(id, peer));
  return now;
}

peer_status core::implementation::status_of(server_id id, const progress& peer) const {
  peer_status now;
  now.id = id;
  now.incarnation = peer.incarnation;
  now.is_voter = members().is_voter(server_life{id, peer.incarnation});
  now.match_index = peer.match_index();
  now.next_index = peer.next_index();
  now.lag = log.last().index - peer.match_index();
  now.mode = peer.current_mode();
  now.is_reachable = peer.silent_ticks < config.election_timeout_ticks_min;
  now.contact_age_ticks = peer.silent_ticks;
  return now;
}

// The outside, which is nothing but this.

core::core(core_config config, recovered_state recovered, random_source random)
  : self_(std::make_unique<implementation>(std::move(config), std::move(recovered),
                                           std::move(random))) {}
core::~core() = default;
core::core(core&&) noexcept = default;
core& core::operator=(core&&) noexcept = default;

void core::tick() {
  self_->tick();
}
void core::wall_clock(std::uint64_t unix_time_ms) {
  self_->wall_clock_ms = unix_time_ms;
}
void core::step(const server_life& from, message body) {
  self_->step(from, body);
}
void core::step(server_id from, message body) {
  self_->step(from, body);
}
propose_outcome core::propose(proposal what) {
  return self_->propose(std::move(what));
}
void core::forget_proposal(request_id request) {
  self_->forget_proposal(request);
}
read_outcome core::read_index(request_id request) {
  return self_->read_index(request);
}
read_outcome core::wait_applied(request_id request, log_index index) {
  return self_->wait_applied(request, index);
}
void core::forget_read(request_id request) {
  self_->forget_read(request);
}
void core::persisted() {
  self_->persisted();
}
void core::applied(log_index last) {
  self_->applied(last);
}
void core::apply_due() {
  self_->apply_due();
}
void core::log_read(std::vector<entry> entries) {
  self_->log_read_done(std::move(entries));
}
void core::checkpoint_completed(log_index index) {
  self_->checkpoint_completed(index);
}
void core::compacted(snapshot_point point) {
  self_->compacted(std::move(point));
}
ready core::take_ready() {
  return self_->take_ready();
}
core_status core::status() const {
  return self_->status();
}

} // namespace raft
