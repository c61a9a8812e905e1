// SPDX-License-Identifier: Apache-2.0
#include "raft/core_implementation.hpp"
#include "raft/overloaded_set.hpp"

/// A peer spoke: who is listened to, the term rule (thesis 3.3), once, and dispatch.
namespace raft {

// Messages that must not even move the term.
bool core::implementation::is_ignored(server_id from, const message& body) const {
  if (from == config.self || from == server_id{})
    return true;
  if (is_reply(body))
    return !members().is_member(from);
  // deviates: thesis 4.1 has servers answer strangers. Nobody can win an election or lead
  // without a sole voter's own vote, so that nobody's request can be legitimate here.
  if (members().is_sole_voter(config.self))
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
  if (is_ignored(from, body))
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
void core::implementation::refuse_past_term(server_id from, const message& body) {
  if (const auto* vote = std::get_if<request_vote>(&body))
    send_when_durable(from, request_vote_reply{current_term, false, vote->is_pre_vote});
  else if (const auto* append = std::get_if<append_entries>(&body))
    send_when_durable(from, append_entries_reply{
                                current_term, append_conflict{append->previous.index, log.last()},
                                append->read_round, false});
  else if (std::holds_alternative<install_snapshot>(body))
    send_when_durable(from, install_snapshot_reply{current_term, last_applied});
}

void core::implementation::dispatch(server_id from, const message& body) {
  std::visit(
      overloaded_set{
          [&](const request_vote& request) { handle_request_vote(from, request); },
          [&](const request_vote_reply& reply) { handle_request_vote_reply(from, reply); },
          [&](const append_entries& request) { handle_append_entries(from, request); },
          [&](const append_entries_reply& reply) { handle_append_entries_reply(from, reply); },
          [&](const install_snapshot& request) { handle_install_snapshot(from, request); },
          // Not built (docs/protocol.md): nobody is offered a snapshot, nobody hands over.
          [](const install_snapshot_reply&) {},
          [](const timeout_now&) {},
      },
      body);
}

} // namespace raft
