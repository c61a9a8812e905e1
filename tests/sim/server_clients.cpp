// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "tests/sim/server.hpp"

/// What clients ask of a server, and what they are told.
namespace sim {

void server::request(const client_request& what) {
  if (!life_)
    return around_.answer(what.operation, not_done{});
  in_process(0, [this, what] {
    if (what.is_read)
      submit_read(what);
    else
      submit_write(what);
  });
}

void server::submit_write(const client_request& what) {
  auto made = what.what;
  bool is_leader = life_->protocol.status().role == raft::role_name::leader;
  if (has(bug::condition_judged_early) && made.is_conditional && is_leader) {
    if (auto held = disk_.state().value_of(made.key); held != made.expected)
      return answer(what.operation, write_judged{false, held});
    made.is_conditional = false;
  }
  raft::proposal next;
  next.request = what.operation;
  next.payload = encode(made);
  next.answer_needs_apply = made.is_conditional;
  next.deadline_ms = 1 + (around_.clock.now() + 4 * second) / millisecond;
  life_->waiting[what.operation] = what;
  auto outcome = life_->protocol.propose(std::move(next));
  if (const auto* other = std::get_if<raft::not_leader>(&outcome))
    answer(what.operation, not_done{other->leader});
  else if (!std::holds_alternative<raft::accepted>(outcome))
    answer(what.operation, not_done{id_});
}

void server::submit_read(const client_request& what) {
  life_->waiting[what.operation] = what;
  auto now = life_->protocol.status();
  bool is_leader = now.role == raft::role_name::leader;
  if (has(bug::read_without_asking) || (has(bug::read_by_leader_alone) && is_leader))
    return answer_read(what);
  auto outcome = life_->protocol.read_index(what.operation);
  if (const auto* other = std::get_if<raft::not_leader>(&outcome))
    answer(what.operation, not_done{other->leader});
  else if (!std::holds_alternative<raft::accepted>(outcome))
    answer(what.operation, not_done{id_});
}

void server::settle(const raft::proposal_appended& what) {
  auto found = life_->waiting.find(what.request);
  if (has(bug::acknowledged_when_appended) && found != life_->waiting.end()
      && !found->second.what.is_conditional)
    answer(what.request, write_done{what.id.index});
}

void server::settle(const raft::proposal_committed& what) {
  auto found = life_->waiting.find(what.request);
  if (found == life_->waiting.end())
    return;
  if (!found->second.what.is_conditional)
    return answer(what.request, write_done{what.id.index});
  if (has(bug::condition_judged_early))
    answer(what.request, write_judged{true, found->second.what.expected});
}

void server::settle(const raft::proposal_dropped& what) {
  answer(what.request, not_done{});
}

void server::settle(const raft::proposal_refused& what) {
  const auto* other = std::get_if<raft::not_leader>(&what.why);
  answer(what.request, not_done{other != nullptr ? other->leader : raft::server_id{}});
}

void server::settle(const raft::proposal_unknown& what) {
  answer(what.request, outcome_unknown{});
}

void server::forget(std::uint64_t operation) {
  if (!is_running())
    return;
  in_process(0, [this, operation] {
    auto found = life_->waiting.find(operation);
    if (found == life_->waiting.end())
      return;
    if (found->second.is_read)
      life_->protocol.forget_read(operation);
    else
      life_->protocol.forget_proposal(operation);
    life_->waiting.erase(found);
  });
}

void server::change_membership(const raft::membership_change& what) {
  in_process(0, [this, what] { life_->protocol.propose_membership(++last_change_, what); });
}

void server::transfer_leadership(raft::server_id to) {
  in_process(0, [this, to] {
    if (std::holds_alternative<raft::accepted>(life_->protocol.transfer_leadership(to)))
      ++around_.counters.transfers;
  });
}

// The reader pool looks a moment later, at a state that holds the index or more.
void server::settle(const raft::read_confirmed& what) {
  auto found = life_->waiting.find(what.request);
  if (found == life_->waiting.end())
    return;
  around_.judge.read(found->second.promised, what.index);
  in_process(random_.between(0, 300 * microsecond),
             [this, asked = found->second] { answer_read(asked); });
}

void server::settle(const raft::read_dropped& what) {
  answer(what.request, not_done{});
}

void server::answer_read(const client_request& what) {
  const auto& state = disk_.state();
  answer(what.operation, read_done{state.value_of(what.key), state.last_applied().index});
}

void server::answer(std::uint64_t operation, const client_answer& what) {
  if (life_->waiting.erase(operation) != 0)
    around_.answer(operation, what);
}

} // namespace sim
