// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"

/// Linearizable reads (thesis 6.4): the commit index when the read came, confirmed by a
/// round of heartbeats that began after it came, and then applied here.
namespace raft {

read_outcome core::implementation::read_index(request_id request) {
  BASE_CHECK(!reads.contains(request), "INV-18: a read waits once");
  if (!is_leader())
    return not_leader{leader_id()};
  if (reads.size() >= config.reads_waiting_max)
    return overloaded{config.reads_waiting_max, reads.size() + 1};
  if (has_own_commit(std::get<roles::leader>(role)))
    admit_read(request);
  else
    reads.add_before_own_commit(request);
  return accepted{};
}

// Requires: this leader has committed in its own term, so that its commit index is current.
void core::implementation::admit_read(request_id request) {
  if (!members().is_sole_voter(config.self))
    reads.add_for_round(request, commit_index);
  else if (commit_index <= last_applied)
    read_answers.push_back(read_confirmed{request, commit_index});
  else
    reads.add_for_apply(request, commit_index);
}

read_outcome core::implementation::wait_applied(request_id request, log_index index) {
  BASE_CHECK(!reads.contains(request), "INV-18: a read waits once");
  if (index <= last_applied) {
    read_answers.push_back(read_confirmed{request, index});
    return accepted{};
  }
  if (reads.size() >= config.reads_waiting_max)
    return overloaded{config.reads_waiting_max, reads.size() + 1};
  reads.add_for_apply(request, index);
  return accepted{};
}

void core::implementation::forget_read(request_id request) {
  reads.forget(request);
  std::erase_if(read_answers, [request](const read_answer& answer) {
    return std::visit([request](const auto& each) { return each.request == request; }, answer);
  });
}

// One round at a time, shared by everybody who came before it began.
void core::implementation::begin_read_round() {
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr || !reads.wants_round() || reads.has_open_round())
    return;
  ++self->read_round;
  reads.begin_round();
  for (auto& [id, peer] : self->peers)
    peer.owes_message = true;
  finish_read_round();
}

void core::implementation::finish_read_round() {
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr || !reads.has_open_round())
    return;
  bool is_confirmed = is_quorum(members(), [&](server_id id) {
    auto peer = self->peers.find(id);
    return id == config.self
           || (peer != self->peers.end() && peer->second.confirmed_round >= self->read_round);
  });
  if (!is_confirmed)
    return;
  reads.finish_round();
  confirm_applied_reads();
}

void core::implementation::confirm_applied_reads() {
  for (const auto& each : reads.take_applied(last_applied))
    read_answers.push_back(each);
}

} // namespace raft
