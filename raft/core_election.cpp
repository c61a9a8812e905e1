// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "raft/core_implementation.hpp"
#include "raft/planted_bug.hpp"

/// Elections: thesis 3.4, the log check of 3.6.1, pre-vote (9.6) with the leader's quorum
/// check (6.2) and the refusal to disturb a live leader (4.2.3).
namespace raft {

bool core::implementation::has_leader_contact() const {
  if (is_leader())
    return true; // it steps down by itself when it loses its quorum
  // A lease may rest on what this server said to any leader, or in its last life.
  if (config.leases_enabled && contact_ticks < config.election_timeout_ticks_min
      && !ASPEN_PLANTED(lease_forgotten))
    return true;
  if (const auto* self = std::get_if<roles::follower>(&role))
    return self->leader_id != server_id{}
           && self->elapsed_ticks < config.election_timeout_ticks_min;
  if (const auto* self = std::get_if<roles::learner>(&role))
    return self->leader_id != server_id{}
           && self->elapsed_ticks < config.election_timeout_ticks_min;
  return false;
}

// Thesis 3.6.1: the later last term wins, then the longer log.
bool core::implementation::is_up_to_date(const entry_id& candidate_last) const {
  const auto& mine = log.last();
  return candidate_last.term > mine.term
         || (candidate_last.term == mine.term && candidate_last.index >= mine.index);
}

// It cannot ask for its place, and does not send clients to it either.
void core::implementation::forget_leader(roles::follower& self) {
  self.elapsed_ticks = 0;
  self.leader_id = {};
  drop_questions();
}

void core::implementation::tick_election() {
  if (auto* self = std::get_if<roles::learner>(&role)) {
    if (++self->elapsed_ticks >= config.election_timeout_ticks_max) {
      self->leader_id = {};
      drop_questions();
    }
  } else if (auto* waiting = std::get_if<roles::follower>(&role)) {
    if (++waiting->elapsed_ticks >= waiting->timeout_ticks) {
      if (may_campaign())
        campaign();
      else
        forget_leader(*waiting);
    }
  } else if (auto* asking = std::get_if<roles::pre_candidate>(&role)) {
    if (++asking->elapsed_ticks >= asking->timeout_ticks) {
      if (may_campaign())
        campaign();
      else
        become_follower(current_term, {});
    }
  } else if (auto* running = std::get_if<roles::candidate>(&role)) {
    // The time of an election begins when its own vote is durable: a slow disk must not
    // burn through terms.
    if (durable_version == version && ++running->elapsed_ticks >= running->timeout_ticks) {
      if (may_campaign())
        campaign();
      else
        become_follower(current_term, {});
    }
  }
}

// Whoever cannot serve does not ask to lead: a leader needs its state and its disk.
bool core::implementation::may_campaign() const {
  return takes_part() && !is_cast_out && (may_apply() || is_last_resort())
         && (is_sole_voter() || !is_disk_in_trouble());
}

// deviates: two stores, one truth, 19 lets nobody campaign without a state machine. When its
// log is longer than those of all who are left, nobody else can ever win: after a long time
// without a leader it leads, brings the others up to its log and hands over at once.
bool core::implementation::is_last_resort() const {
  return state_is_lost && !install && !is_damaged && !is_sole_voter()
         && contact_ticks
                > bounds::last_resort_timeouts * std::uint64_t{config.election_timeout_ticks_max};
}

void core::implementation::campaign() {
  if (is_sole_voter())
    become_candidate();
  else
    become_pre_candidate();
}

std::set<server_life> core::implementation::other_voters() const {
  std::set<server_life> lives;
  for (const auto* set : {&members().voters, &members().outgoing_voters})
    for (const auto& each : *set)
      if (each.id != config.self)
        lives.insert(each.life());
  return lives;
}

void core::implementation::become_pre_candidate() {
  drop_questions();
  role = roles::pre_candidate{{{self(), true}}, 0, draw_timeout()};
  emit(event::kind::became_pre_candidate, log.last().index);
  for (const auto& [id, life] : other_voters())
    send(id, request_vote{current_term.next(), log.last(), true, false, life});
}

void core::implementation::become_candidate(bool is_transfer) {
  BASE_CHECK(!is_leader() && takes_part(),
             "INV-12: a leader never campaigns, nor does who has no vote");
  drop_questions();
  set_term(current_term.next(), config.self);
  role = roles::candidate{{}, 0, draw_timeout()};
  emit(event::kind::became_candidate, log.last().index);
  for (const auto& [id, life] : other_voters())
    send_when_durable(id, request_vote{current_term, log.last(), false, is_transfer, life});
}

// Called when a persist is done: only a durable vote counts (INV-12).
void core::implementation::count_own_vote() {
  auto* self = std::get_if<roles::candidate>(&role);
  if (self == nullptr || durable_version != version)
    return;
  self->votes[this->self()] = true;
  if (outcome_of(members(), self->votes) == vote_outcome::won)
    become_leader();
}

void core::implementation::become_leader() {
  BASE_CHECK(durable_state.current_term == current_term && durable_state.voted_for == config.self,
             "INV-12: a leader's term and vote are durable");
  roles::leader self;
  self.no_op = log.last().index.next();
  reconcile_peers(self);
  role = std::move(self);
  emit(event::kind::became_leader, log.last().index);
  // Thesis 6.4: an entry of its own term shows the leader what is committed.
  append(make_entry(entry_kind::no_op, {}));
}

// A vote is this life's to give, and no earlier one's. Whoever does not know the lives of the
// founders yet asks a founder; a later life would not be one, and knows or will learn that.
bool core::implementation::is_asked(const request_vote& request) const {
  return request.voter == config.incarnation || (request.voter.is_nil() && takes_part());
}

void core::implementation::handle_request_vote(server_id from, const request_vote& request) {
  if (request.is_pre_vote) {
    // Granting refreshes nothing and records nothing.
    bool is_granted =
        request.term > current_term && is_asked(request) && is_up_to_date(request.last);
    if (ASPEN_PLANTED(pre_vote_refreshes_contact) && is_granted)
      follow(from);
    send_when_durable(
        from, request_vote_reply{is_granted ? request.term : current_term, is_granted, true});
    return;
  }
  // A candidate and a leader have voted for themselves.
  bool is_free = voted_for == server_id{} || voted_for == from || ASPEN_PLANTED(vote_twice);
  bool may_vote = is_free && is_asked(request);
  bool is_granted = may_vote && is_up_to_date(request.last);
  if (is_granted && voted_for != from)
    set_term(current_term, from);
  if (is_granted && std::holds_alternative<roles::pre_candidate>(role))
    become_follower(current_term, {});
  if (auto* self = std::get_if<roles::follower>(&role); self != nullptr && is_granted) {
    self->leader_id = {};
    self->elapsed_ticks = 0;
    drop_questions();
  }
  send_when_durable(from, request_vote_reply{current_term, is_granted, false});
}

void core::implementation::handle_request_vote_reply(const server_life& from,
                                                     const request_vote_reply& reply) {
  if (!members().is_voter(from))
    return;
  if (auto* asking = std::get_if<roles::pre_candidate>(&role); asking && reply.is_pre_vote) {
    if (reply.is_granted && reply.term != current_term.next())
      return; // of an earlier round
    asking->votes.emplace(from, reply.is_granted);
    auto outcome = outcome_of(members(), asking->votes);
    if (outcome == vote_outcome::won)
      become_candidate();
    else if (outcome == vote_outcome::lost)
      become_follower(current_term, {});
    return;
  }
  // Nobody was asked before the own vote was durable.
  auto* running = std::get_if<roles::candidate>(&role);
  if (running == nullptr || reply.is_pre_vote || durable_version != version)
    return;
  running->votes.emplace(from, reply.is_granted);
  auto outcome = outcome_of(members(), running->votes);
  if (outcome == vote_outcome::won)
    become_leader();
  else if (outcome == vote_outcome::lost)
    become_follower(current_term, {});
}

} // namespace raft
