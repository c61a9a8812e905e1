// SPDX-License-Identifier: Apache-2.0
#include "raft/core_implementation.hpp"
#include "raft/planted_bug.hpp"

/// Linearizable reads that come to a server that does not lead (thesis 6.4): it asks the
/// leader for the index, once for all who wait, and answers from its own state machine. A
/// round's number is never used twice, so that no late answer can stand for a newer question.
namespace raft {

void core::implementation::begin_question() {
  if (is_leader() || !reads.wants_question() || reads.has_open_question())
    return;
  reads.begin_question();
  question_ticks = 0;
  send(leader_id(), raft::read_index{current_term, config.boot, ++question_round});
}

// A question or an answer that was lost is the clients' to know: nothing is asked again.
void core::implementation::tick_question() {
  if (reads.has_open_question() && ++question_ticks >= config.election_timeout_ticks_min)
    drop_reads(reads.finish_question());
}

void core::implementation::handle_read_index(const server_life& from,
                                             const raft::read_index& request) {
  if (!is_leader() || reads.size() >= config.reads_waiting_max) {
    send_when_durable(from.id, read_index_reply{current_term, request.boot, request.round, {}});
    return;
  }
  auto asker = take_origin({from, request.boot, request.round});
  if (has_own_commit(std::get<roles::leader>(role)) || ASPEN_PLANTED(read_before_own_commit))
    admit_read(asker);
  else
    reads.add_before_own_commit(asker);
}

void core::implementation::handle_read_index_reply(const read_index_reply& reply) {
  if (reply.boot != config.boot || reply.round != question_round || !reads.has_open_question())
    return;
  auto asked = reads.finish_question();
  if (!reply.index)
    return drop_reads(asked);
  for (auto request : asked)
    confirm_read(request, *reply.index);
}

void core::implementation::drop_questions() {
  drop_reads(reads.drop_leaders());
}

void core::implementation::drop_reads(const std::vector<request_id>& dropped) {
  for (auto request : dropped) {
    if (!is_origin(request)) {
      read_answers.push_back(read_dropped{request});
      continue;
    }
    auto asker = origins.at(request);
    origins.erase(request);
    send_when_durable(asker.from.id, read_index_reply{current_term, asker.boot, asker.number, {}});
  }
}

} // namespace raft
