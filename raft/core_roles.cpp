// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "raft/core_implementation.hpp"
#include "raft/planted_bug.hpp"

/// Role changes (figure 3.3), and what time does to each role.
namespace raft {

core::implementation::implementation(core_config config_given, recovered_state recovered,
                                     random_source random_given)
  : core_state(std::move(config_given), std::move(recovered), std::move(random_given)) {
  if (takes_part())
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
  if (ASPEN_PLANTED(dropped_though_appended))
    for (auto request : proposals.drop_from(commit_index.next()))
      answer(proposal_dropped{request});
  if (auto unfinished = std::exchange(changing, std::nullopt))
    proposal_answers.push_back(proposal_unknown{*unfinished});
  drop_reads(reads.drop_unconfirmed());
  peers_to_read_for.clear();
}

void core::implementation::become_follower(raft::term at, server_id leader_id) {
  if (at > current_term || ASPEN_PLANTED(vote_forgotten))
    set_term(at, {});
  leave_leadership();
  drop_questions();
  if (takes_part()) {
    role = roles::follower{leader_id, 0, draw_timeout()};
    emit(event::kind::became_follower, log.last().index);
  } else {
    role = roles::learner{leader_id, 0};
    emit(event::kind::became_learner, log.last().index);
  }
}

void core::implementation::settle() {
  if (auto* self = std::get_if<roles::learner>(&role); self != nullptr && takes_part())
    become_follower(current_term, self->leader_id);
  else if (auto* voter = std::get_if<roles::follower>(&role); voter != nullptr && !takes_part())
    become_follower(current_term, voter->leader_id);
  advance_membership();
  if (is_sole_voter() && !is_leader() && !std::holds_alternative<roles::candidate>(role)
      && may_campaign())
    become_candidate();
}

void core::implementation::tick() {
  if (outvoted)
    return;
  if (is_damaged)
    return tick_repair();
  tick_disk();
  ++contact_ticks;
  if (is_leader())
    tick_leader();
  else
    tick_election();
  tick_question();
  settle();
}

} // namespace raft
