// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"
#include "raft/planted_bug.hpp"

/// The follower's side of append_entries (thesis 3.5) with the chain check: equal index
/// and term with another chain is divergence, which is reported and never repaired here.
namespace raft {

namespace {

// What a leader can have sent: contiguous, terms in order, each entry chained to the one
// before it. Anything else is dropped, not argued with.
bool is_well_formed(const append_entries& request) {
  auto before = request.previous;
  auto chain = request.previous_chain;
  for (const auto& each : request.entries) {
    if (each.id.index != before.index.next() || each.id.term < before.term
        || each.id.term > request.term
        || each.chain != next_chain(chain, each.id, each.kind, each.payload.hash()))
      return false;
    if (membership ignored;
        each.kind == entry_kind::membership && !decode(each.payload.bytes(), ignored))
      return false;
    before = each.id;
    chain = each.chain;
  }
  return before.term <= request.term;
}

} // namespace

void core::implementation::follow(server_id leader_id) {
  contact_ticks = 0;
  if (auto* self = std::get_if<roles::follower>(&role)) {
    self->leader_id = leader_id;
    self->elapsed_ticks = 0;
  } else if (auto* learning = std::get_if<roles::learner>(&role)) {
    learning->leader_id = leader_id;
    learning->elapsed_ticks = 0;
  } else {
    become_follower(current_term, leader_id);
  }
}

void core::implementation::handle_append_entries(server_id from, const append_entries& request) {
  // A second leader of our own term cannot be; its message is no reason to believe it.
  if (is_leader() || !is_well_formed(request))
    return;
  follow(from);
  if (install)
    return answer_while_installing(from, request);
  auto backlog = log.last().index - log.durable_index();
  if (!request.entries.empty()
      && (backlog >= bounds::undurable_entries_max
          || log.bytes_between(log.durable_index(), log.last().index)
                 >= bounds::undurable_bytes_max))
    return; // the leader repeats it when the disk has caught up
  append_entries_reply reply{request.term,       match_and_append(request),
                             request.read_round, state_is_lost,
                             request.number,     newest_digest()};
  const auto* matched = std::get_if<append_accepted>(&reply.outcome);
  if (matched == nullptr) {
    send_when_durable(from, std::move(reply));
    return;
  }
  auto match = matched->match_index;
  if (match > log.durable_index() && request.entries.empty()) {
    // A heartbeat is answered at once, with what is true already.
    match = log.durable_index();
    reply.outcome = append_accepted{match};
  }
  auto reached = request.previous.index + request.entries.size();
  if (ASPEN_PLANTED(commit_beyond_match))
    reached = log.last().index;
  commit_to(std::max(commit_index, std::min({request.leader_commit, reached, log.last().index})));
  send_when_durable(from, std::move(reply), match);
}

// The log is about to be replaced: nothing is taken, and what is committed stays true.
void core::implementation::answer_while_installing(server_id from, const append_entries& request) {
  auto match = std::min(commit_index, log.durable_index());
  send_when_durable(
      from,
      append_entries_reply{
          current_term, append_accepted{match}, request.read_round, false, request.number, {}});
}

std::variant<append_accepted, append_conflict, append_diverged> core::implementation::
    match_and_append(const append_entries& request) {
  auto previous = request.previous;
  auto chain = request.previous_chain;
  auto next = request.entries.begin();
  // What lies below the snapshot point is committed, and equal to any leader's.
  for (; previous.index < log.snapshot().id.index && next != request.entries.end(); ++next) {
    previous = next->id;
    chain = next->chain;
  }
  if (previous.index < log.snapshot().id.index)
    return append_accepted{std::min(commit_index, log.durable_index())};
  auto here = log.term_at(previous.index);
  if (!here)
    return append_conflict{request.previous.index, log.last(), log.last().index};
  if (*here != previous.term && !ASPEN_PLANTED(previous_unchecked)) {
    if (previous.index <= commit_index)
      return append_diverged{previous};
    auto hint = log.before_term_at(previous.index);
    if (hint.index < commit_index)
      hint = {commit_index, *log.term_at(commit_index)};
    return append_conflict{request.previous.index, hint, log.last().index};
  }
  if (log.chain_at(previous.index).value_or(chain) != chain)
    return append_diverged{previous};
  if (auto diverged = append_missing({next, request.entries.end()}, chain))
    return *diverged;
  return append_accepted{request.previous.index + request.entries.size()};
}

std::optional<append_diverged> core::implementation::append_missing(
    const std::vector<entry>& entries, const chain_hash& chain_before) {
  auto chain = chain_before;
  for (const auto& each : entries) {
    auto here = log.term_at(each.id.index);
    if (here == each.id.term && !ASPEN_PLANTED(truncates_what_matches)) {
      if (log.chain_at(each.id.index).value_or(each.chain) != each.chain)
        return append_diverged{each.id};
    } else {
      if (here && each.id.index <= commit_index)
        return append_diverged{each.id};
      if (here)
        truncate_from(each.id.index, chain);
      append(each);
    }
    chain = each.chain;
  }
  return std::nullopt;
}

void core::implementation::truncate_from(log_index first, const chain_hash& chain_before) {
  BASE_CHECK(first > commit_index, "INV-11: a committed entry is never truncated");
  log.truncate_from(first, chain_before);
  if (!ASPEN_PLANTED(change_not_rolled_back))
    history.truncate_from(first);
  for (auto request : proposals.drop_from(first))
    answer(proposal_dropped{request});
  emit(event::kind::entries_truncated, first);
}

void core::implementation::append(entry what) {
  if (what.kind == entry_kind::membership) {
    membership members;
    BASE_CHECK(decode(what.payload.bytes(), members), "a membership entry holds a membership");
    history.append(what.id.index, std::move(members));
    log.append(std::move(what));
    emit(event::kind::membership_changed, log.last().index);
    if (auto* leading = std::get_if<roles::leader>(&role))
      reconcile_peers(*leading);
    return;
  }
  log.append(std::move(what));
}

} // namespace raft
