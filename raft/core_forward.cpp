// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "raft/core_implementation.hpp"
#include "raft/planted_bug.hpp"

/// Proposals that come to a server that does not lead (thesis 6.2). A follower forwards each
/// once, to the leader it knows; the leader takes it once and tells its place in the log; the
/// follower then sees in its own log what becomes of it. Whatever is lost on the way leaves
/// the outcome unknown: nothing is sent again behind the client's back.
namespace raft {

propose_outcome core::implementation::forward(proposal what, server_id leader) {
  auto number = forwarded.add(what.request, what.payload.size(), what.answer_needs_apply);
  send(leader, forward_proposal{current_term, config.boot, number, what.deadline_ms, what.trace,
                                std::move(what.payload)});
  return accepted{};
}

// Every number is judged once: above all seen of that process, or not at all. A refusal says
// "not done", so that it is given only where no earlier life of this server, as a leader of
// that term, can have said yes.
void core::implementation::handle_forward_proposal(const server_life& from,
                                                   const forward_proposal& request) {
  auto& known = forwarders[from.id];
  bool is_known = known.boot == request.boot && request.number <= known.number;
  if (is_known && !ASPEN_PLANTED(forwarded_twice))
    return;
  known = {request.boot, request.number};
  origin asker{from, request.boot, request.number};
  if (!is_leader()) {
    if (request.term > recovered_term)
      answer_origin(asker, proposal_refused{0, not_leader{}});
    return;
  }
  bool is_late = request.deadline_ms != 0
                 && wall_clock_ms > request.deadline_ms + bounds::clock_difference_ms_max;
  if (is_late)
    return;
  proposal what;
  what.payload = request.payload;
  what.leader_time_ms = wall_clock_ms;
  what.trace = request.trace;
  auto outcome = admit(what);
  if (!std::holds_alternative<accepted>(outcome))
    return answer_origin(asker, proposal_refused{0, outcome});
  what.request = take_origin(asker);
  proposals.add(std::move(what));
}

// The sender has not heard of the current term yet.
void core::implementation::refuse_past_forward(const server_life& from,
                                               const forward_proposal& request) {
  auto& known = forwarders[from.id];
  if (known.boot == request.boot && request.number <= known.number)
    return;
  known = {request.boot, request.number};
  if (request.term > recovered_term)
    answer_origin({from, request.boot, request.number}, proposal_refused{0, not_leader{}});
}

void core::implementation::handle_forward_proposal_reply(const forward_proposal_reply& reply) {
  if (reply.boot != config.boot)
    return;
  if (const auto* placed = std::get_if<proposal_placed>(&reply.outcome)) {
    if (auto request = forwarded.place(reply.number, placed->id))
      answer(proposal_appended{*request, placed->id});
    return settle_forwarded();
  }
  auto request = forwarded.refuse(reply.number);
  if (!request)
    return;
  if (const auto* elsewhere = std::get_if<not_leader>(&reply.outcome))
    answer(proposal_refused{*request, *elsewhere});
  else if (const auto* limit = std::get_if<overloaded>(&reply.outcome))
    answer(proposal_refused{*request, *limit});
  else
    answer(proposal_refused{*request, storage_full{}});
}

// To the client here, or to the server that forwarded it.
void core::implementation::answer(proposal_answer what) {
  auto request = std::visit([](const auto& each) { return each.request; }, what);
  if (!is_origin(request)) {
    proposal_answers.push_back(std::move(what));
    return;
  }
  // What becomes of a placed entry shows in the asker's own log.
  if (auto found = origins.find(request); found != origins.end()) {
    answer_origin(found->second, what);
    origins.erase(found);
  }
}

void core::implementation::answer_origin(const origin& to, const proposal_answer& what) {
  forward_proposal_reply reply{current_term, to.boot, to.number,
                               not_leader{is_leader() ? server_id{} : leader_id()}};
  if (const auto* appended = std::get_if<proposal_appended>(&what)) {
    reply.outcome = proposal_placed{appended->id};
  } else if (const auto* refused = std::get_if<proposal_refused>(&what)) {
    if (const auto* limit = std::get_if<overloaded>(&refused->why))
      reply.outcome = *limit;
    else if (std::holds_alternative<storage_full>(refused->why))
      reply.outcome = storage_full{};
  }
  // What is durable already leaves at once: a leader's answer before the entry does.
  if (version == durable_version)
    send(to.from.id, std::move(reply));
  else
    send_when_durable(to.from.id, std::move(reply));
}

void core::implementation::settle_forwarded() {
  auto term_at = [this](log_index index) { return log.term_at(index); };
  for (auto& each : forwarded.settle(commit_index, last_applied, term_at))
    answer(std::move(each));
}

void core::implementation::forget_proposal(request_id request) {
  forwarded.forget(request);
}

request_id core::implementation::take_origin(origin from) {
  auto request = (request_id{1} << 63) + ++origins_made;
  origins.emplace(request, std::move(from));
  return request;
}

} // namespace raft
