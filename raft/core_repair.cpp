// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"

/// Damaged entries of a log: never cut off, but fetched from a server that holds them. Only
/// what is committed is repaired, because that is the same on every server, whoever leads
/// (thesis 3.6.3); what was read is chained to the entry before the damage here, and by the
/// store to the one after it. Until all is whole this server takes no part (INV-28).
namespace raft {

// -- for others ------------------------------------------------------------------------

// What stands right behind damage is chained to nothing that can be read: the store gives it
// to nobody.
bool core::implementation::holds_committed(log_index first, log_index last) const {
  return first >= log.first_index() && first <= last && last <= commit_index
         && std::none_of(damaged.begin(), damaged.end(), [&](const damaged_run& run) {
              return first <= run.last.next() && run.first <= last;
            });
}

void core::implementation::handle_entry_request(server_id from, const entry_request& request) {
  if (!holds_committed(request.first, request.last))
    return send_when_durable(from, entry_reply{current_term, request.first, {}});
  if (request.first >= log.window_first())
    return send_when_durable(
        from, entry_reply{current_term, request.first,
                          log.copy(request.first, request.last, bounds::append_entries_max,
                                   bounds::append_bytes_max)});
  entries_wanted.insert_or_assign(from, request);
}

void core::implementation::begin_asked_log_read(ready& out) {
  while (!compacting && !reading && !entries_wanted.empty()) {
    auto [asker, wanted] = *entries_wanted.begin();
    entries_wanted.erase(asker);
    auto last = std::min(wanted.last, wanted.first + (bounds::append_entries_max - 1));
    if (!holds_committed(wanted.first, last) || last > log.durable_index())
      continue;
    reading = log_read_under_way{wanted.first, last, std::nullopt, asker};
    out.log_read = log_read_request{wanted.first, last, bounds::append_bytes_max};
  }
}

// -- for this server -------------------------------------------------------------------

std::set<server_id> core::implementation::other_members() const {
  std::set<server_id> others;
  for (const auto* set : {&members().voters, &members().outgoing_voters, &members().learners})
    for (const auto& each : *set)
      if (each.id != config.self)
        others.insert(each.id);
  return others;
}

// One member after the other: some may not hold the entries any more.
void core::implementation::tick_repair() {
  if (damaged.empty() || !repairing.empty() || repair_ticks-- > 0)
    return;
  repair_ticks = config.heartbeat_ticks * bounds::repair_heartbeats;
  auto others = other_members();
  if (others.empty())
    return;
  auto next = others.begin();
  std::advance(next, repair_turn++ % others.size());
  send(*next, entry_request{current_term, damaged.front().first, damaged.front().last});
}

void core::implementation::handle_entry_reply(server_id from, const entry_reply& reply) {
  if (damaged.empty() || !repairing.empty() || reply.first != damaged.front().first)
    return;
  if (reply.entries.empty()) {
    without_copy.insert(from);
    return;
  }
  const auto& run = damaged.front();
  auto index = run.first;
  auto chain = run.chain_before;
  for (const auto& each : reply.entries) {
    if (each.id.index != index || index > run.last || each.id.term > current_term
        || each.chain != next_chain(chain, each.id, each.kind, each.payload.hash()))
      return;
    chain = each.chain;
    index = index.next();
  }
  repairing = reply.entries;
}

void core::implementation::begin_repair(ready& out) {
  // Not while a read for another damaged server is under way: its answer is this core's.
  if (!reading && std::exchange(owes_whole, false))
    out.log_is_whole = true;
  if (repairing.empty() || is_repairing)
    return;
  is_repairing = true;
  out.repair = repair_request{repairing};
}

void core::implementation::repaired() {
  BASE_CHECK(is_repairing, "INV-28: a repair is under way");
  is_repairing = false;
  auto done = std::exchange(repairing, {});
  without_copy.clear();
  auto& run = damaged.front();
  emit(event::kind::entries_repaired, done.back().id.index);
  run.first = done.back().id.index.next();
  run.chain_before = done.back().chain;
  if (run.first > run.last)
    damaged.erase(damaged.begin());
  repair_ticks = 0;
  owes_whole = damaged.empty();
}

void core::implementation::repair_refused() {
  BASE_CHECK(is_repairing, "INV-28: a repair is under way");
  is_repairing = false;
  repairing.clear();
}

} // namespace raft
