// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/sim/server.hpp"

/// Planted bugs that show in messages: what a server with that bug would have said, or
/// understood.
namespace sim {

using raft::append_accepted;
using raft::append_entries;
using raft::append_entries_reply;

void server::remember_told(const raft::outgoing_message& what) {
  if (around_.what.planted == bug::none)
    return;
  if (const auto* asked = std::get_if<raft::read_index>(&what.body))
    life_->newest_question = asked->round;
  const auto* told = std::get_if<append_entries>(&what.body);
  if (told == nullptr)
    return;
  if (told->term > life_->told_term) {
    life_->told_term = told->term;
    life_->newest_sent.clear();
    life_->newest_round = 0;
  }
  life_->newest_round = std::max(life_->newest_round, told->read_round);
  auto& sent = life_->newest_sent[what.to];
  sent = std::max(sent, told->previous.index + told->entries.size());
}

raft::message server::mutated_departure(raft::message body) const {
  auto* reply = std::get_if<append_entries_reply>(&body);
  if (has(bug::match_taken_from_end) && reply != nullptr)
    if (auto* accepted = std::get_if<append_accepted>(&reply->outcome))
      accepted->match_index = disk_.log_state().last.index;
  if (has(bug::lost_state_not_told) && reply != nullptr)
    reply->state_machine_is_lost = false;
  return body;
}

raft::message server::mutated_arrival(raft::server_id from, raft::message body) {
  if (around_.what.planted == bug::none)
    return body;
  auto current = life_->protocol.status().current_term;
  if (auto* request = std::get_if<raft::request_vote>(&body);
      request != nullptr && has(bug::vote_without_log_check))
    request->last = {raft::log_index{UINT64_MAX / 2}, request->term};
  if (auto* vote = std::get_if<raft::request_vote_reply>(&body)) {
    if (has(bug::pre_vote_taken_as_vote)
        && life_->protocol.status().role == raft::role_name::candidate)
      vote->is_pre_vote = false;
    if (has(bug::refusal_taken_as_vote) && vote->term == current)
      vote->is_granted = true;
    if (has(bug::vote_of_any_term) && !vote->is_pre_vote)
      vote->term = std::max(vote->term, current);
  }
  if (auto* told = std::get_if<append_entries>(&body); told && has(bug::leader_of_any_term))
    told->term = std::max(told->term, current);
  if (auto* answer = std::get_if<raft::read_index_reply>(&body);
      answer != nullptr && has(bug::answer_to_older_question))
    answer->round = life_->newest_question;
  if (auto* reply = std::get_if<append_entries_reply>(&body)) {
    if (has(bug::any_round_confirms))
      reply->read_round = life_->newest_round;
    if (auto* conflict = std::get_if<raft::append_conflict>(&reply->outcome);
        conflict != nullptr && has(bug::conflict_taken_as_match))
      reply->outcome = append_accepted{conflict->rejected};
    if (auto* accepted = std::get_if<append_accepted>(&reply->outcome);
        accepted != nullptr && has(bug::sent_taken_as_match))
      accepted->match_index = std::max(accepted->match_index, life_->newest_sent[from]);
  }
  return body;
}

} // namespace sim
