// SPDX-License-Identifier: Apache-2.0
#include "raft/core_implementation.hpp"
#include "raft/overloaded_set.hpp"

/// A peer spoke: who is listened to, the term rule (thesis 3.3), once, and dispatch.
namespace raft {

// Messages that must not even move the term.
bool core::implementation::is_ignored(const server_life& from, const message& body) const {
  if (from.id == config.self || from.id == server_id{} || outvoted)
    return true;
  if (is_reply(body) || is_question(body))
    return !members().is_member(from);
  // deviates: thesis 4.1 has servers answer strangers. Nobody can win an election or lead
  // without a sole voter's own vote, so that nobody's request can be legitimate here.
  if (is_sole_voter())
    return true;
  // Thesis 4.2.3: whoever hears from a leader lets nobody disturb it, unless it asked for that.
  const auto* vote = std::get_if<request_vote>(&body);
  return vote != nullptr && !vote->is_transfer && has_leader_contact();
}

// A pre-vote speaks of a term that may never be: it moves nobody's (thesis 9.6).
bool core::implementation::moves_term(const message& body) const {
  if (const auto* request = std::get_if<request_vote>(&body))
    return !request->is_pre_vote;
  if (const auto* reply = std::get_if<request_vote_reply>(&body))
    return !(reply->is_pre_vote && reply->is_granted);
  return true;
}

void core::implementation::step(server_id from, const message& body) {
  const auto* known = members().find(from);
  step(server_life{from, known == nullptr ? incarnation{} : known->incarnation}, body);
}

void core::implementation::step(const server_life& from, const message& body) {
  if (is_ignored(from, body))
    return;
  if (const auto* request = std::get_if<entry_request>(&body))
    return handle_entry_request(from.id, *request);
  if (const auto* reply = std::get_if<entry_reply>(&body))
    return handle_entry_reply(from.id, *reply);
  if (is_damaged)
    return;
  auto theirs = term_of(body);
  if (theirs > current_term && moves_term(body))
    become_follower(theirs, {});
  if (theirs < current_term)
    refuse_past_term(from, body);
  else
    dispatch(from, body);
  settle();
}

// Thesis 3.3: a request of a past term is answered with the current one; an answer is dropped.
// The answer counts in the current term, where a leader counts its rounds and messages anew:
// those of the past term are not echoed, or they would confirm reads and leases of this one.
void core::implementation::refuse_past_term(const server_life& from, const message& body) {
  if (const auto* vote = std::get_if<request_vote>(&body))
    send_when_durable(from.id, request_vote_reply{current_term, false, vote->is_pre_vote});
  else if (const auto* append = std::get_if<append_entries>(&body))
    send_when_durable(from.id, append_entries_reply{current_term,
                                                    append_conflict{append->previous.index,
                                                                    log.last(), log.last().index},
                                                    0,
                                                    false,
                                                    0,
                                                    {}});
  else if (const auto* forward = std::get_if<forward_proposal>(&body))
    refuse_past_forward(from, *forward);
  else if (const auto* question = std::get_if<raft::read_index>(&body))
    send_when_durable(from.id, read_index_reply{current_term, question->boot, question->round, {}});
}

void core::implementation::dispatch(const server_life& from, const message& body) {
  std::visit(
      overloaded_set{
          [&](const request_vote& request) { handle_request_vote(from.id, request); },
          [&](const request_vote_reply& reply) { handle_request_vote_reply(from, reply); },
          [&](const append_entries& request) { handle_append_entries(from.id, request); },
          [&](const append_entries_reply& reply) { handle_append_entries_reply(from, reply); },
          [&](const timeout_now&) { handle_timeout_now(from.id); },
          [&](const forward_proposal& request) { handle_forward_proposal(from, request); },
          [&](const forward_proposal_reply& reply) { handle_forward_proposal_reply(reply); },
          [&](const raft::read_index& request) { handle_read_index(from, request); },
          [&](const read_index_reply& reply) { handle_read_index_reply(reply); },
          [](const entry_request&) {}, // not under the term rule
          [](const entry_reply&) {},
          [&](const state_outvoted& what) { handle_state_outvoted(from.id, what); },
      },
      body);
}

} // namespace raft
