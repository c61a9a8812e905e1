// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"
#include "raft/planted_bug.hpp"

/// Linearizable reads (thesis 6.4): the commit index when the read came, confirmed by a
/// round of heartbeats that began after it came, and then applied here.
namespace raft {

read_outcome core::implementation::read_index(request_id request) {
  BASE_CHECK(!reads.contains(request) && !is_origin(request), "INV-18: a read waits once");
  if (leader_id() == server_id{})
    return not_leader{};
  if (reads.size() >= config.reads_waiting_max)
    return overloaded{config.reads_waiting_max, reads.size() + 1};
  if (!is_leader())
    reads.add_for_leader(request);
  else if (has_own_commit(std::get<roles::leader>(role)) || ASPEN_PLANTED(read_before_own_commit))
    admit_read(request);
  else
    reads.add_before_own_commit(request);
  return accepted{};
}

// Requires: this leader has committed in its own term, so that its commit index is current.
void core::implementation::admit_read(request_id request) {
  if (is_sole_voter() || has_lease())
    confirm_read(request, commit_index);
  else
    reads.add_for_round(request, commit_index);
}

void core::implementation::confirm_read(request_id request, log_index index) {
  if (auto asker = origins.find(request); asker != origins.end()) {
    send(asker->second.from.id,
         read_index_reply{current_term, asker->second.boot, asker->second.number, index});
    origins.erase(asker);
  } else if (index <= last_applied) {
    read_answers.push_back(read_confirmed{request, index});
  } else {
    reads.add_for_apply(request, index);
  }
}

read_outcome core::implementation::wait_applied(request_id request, log_index index) {
  BASE_CHECK(!reads.contains(request) && !is_origin(request), "INV-18: a read waits once");
  if (outvoted || (is_damaged && index > last_applied))
    return not_leader{};
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
  bool is_confirmed = is_quorum(members(), [&](const member& each) {
    const auto* peer = peer_of(*self, each);
    return each.is(this->self()) || (peer && peer->confirmed_round >= self->read_round);
  });
  if (!is_confirmed)
    return;
  for (const auto& each : reads.finish_round())
    confirm_read(each.request, each.index);
}

void core::implementation::confirm_applied_reads() {
  for (const auto& each :
       reads.take_applied(ASPEN_PLANTED(read_before_apply) ? commit_index : last_applied))
    read_answers.push_back(each);
}

} // namespace raft
