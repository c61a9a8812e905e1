// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"

/// Applying what is committed, reading from the log what is no longer in memory, and
/// compacting what a checkpoint holds (two stores, one truth: rules 5-8, 14).
namespace raft {

log_index core::implementation::apply_limit() const {
  return std::min(durable_state.commit_index, log.durable_index());
}

bool core::implementation::is_apply_urgent() const {
  auto reached = applied_or_applying();
  if (commit_index <= reached)
    return false;
  return reads.wants_apply(reached, commit_index) || proposals.apply_wanted() > reached
         || forwarded.apply_wanted() > reached
         || commit_index - reached >= bounds::apply_backlog_entries
         || log.bytes_between(reached, commit_index) >= bounds::apply_backlog_bytes
         // What has to be fetched was left behind before: a restart, or a full window.
         || reached.next() < log.window_first();
}

log_index core::implementation::apply_target() const {
  return is_apply_urgent() ? commit_index : due_index;
}

// The commit index rides with the next batch; it gets one of its own only when an apply
// waits for nothing else.
bool core::implementation::wants_commit_persist() const {
  return std::min(commit_index, log.durable_index()) > durable_state.commit_index
         && apply_target() > durable_state.commit_index;
}

void core::implementation::begin_apply(ready& out) {
  if (!may_apply())
    return;
  if (!applying && apply_target() > last_applied) {
    if (auto entries = next_to_apply(); !entries.empty()) {
      BASE_CHECK(entries.front().id.index == last_applied.next()
                     && entries.back().id.index <= apply_limit(),
                 "INV-06: what is applied next is durable and durably committed");
      applying = entries.back().id.index;
      for (const auto& each : entries)
        applying_bytes += each.payload.size();
      out.apply = apply_request{std::move(entries)};
    }
  }
  bool must_wait = commit_index > applied_or_applying() && due_index <= applied_or_applying()
                   && !is_apply_urgent();
  if (must_wait && !is_apply_timer_running) {
    is_apply_timer_running = true;
    timer_index = commit_index;
    out.start_apply_timer = true;
  }
}

std::vector<entry> core::implementation::next_to_apply() {
  if (!fetched.empty())
    return std::exchange(fetched, {});
  auto first = last_applied.next();
  if (first > apply_limit() || first < log.window_first())
    return {};
  return log.copy(first, apply_limit(), base::limits::apply_entries_max,
                  base::limits::apply_bytes_max);
}

void core::implementation::begin_log_read(ready& out) {
  if (reading || is_installing || outvoted || is_repair_over())
    return;
  auto first = applied_or_applying().next();
  auto last = std::min({apply_limit(), log.window_first().previous(),
                        first + (base::limits::apply_entries_max - 1)});
  if (may_apply() && fetched.empty() && first <= last) {
    reading = log_read_under_way{first, last, std::nullopt, std::nullopt};
    out.log_read = log_read_request{
        first, last, std::min(base::limits::log_read_bytes_max, base::limits::apply_bytes_max)};
    return;
  }
  auto* self = std::get_if<roles::leader>(&role);
  while (self != nullptr && !compacting && !reading && !peers_to_read_for.empty()) {
    auto id = *peers_to_read_for.begin();
    peers_to_read_for.erase(id);
    if (auto peer = self->peers.find(id); peer != self->peers.end())
      begin_peer_log_read(out, id, peer->second);
  }
  begin_asked_log_read(out);
}

// Reads from one entry before the next to be sent, whose chain is told to the follower.
void core::implementation::begin_peer_log_read(ready& out, server_id id, const progress& peer) {
  auto next = peer.next_index();
  bool is_in_memory = next >= log.window_first() && log.chain_at(next.previous());
  if (is_in_memory || next < log.first_index() || !peer.takes_entries())
    return;
  auto first = std::max(next.previous(), log.first_index());
  auto last = std::min(log.durable_index(), first + bounds::append_entries_max);
  if (last < next)
    return;
  reading = log_read_under_way{first, last, id, std::nullopt};
  out.log_read = log_read_request{first, last, base::limits::log_read_bytes_max};
}

void core::implementation::log_read_done(std::vector<entry> entries) {
  BASE_CHECK(reading.has_value(), "INV-10: no log read is under way");
  auto asked = *reading;
  reading.reset();
  BASE_CHECK(!entries.empty() && entries.front().id.index == asked.first
                 && entries.back().id.index <= asked.last,
             "INV-10: a log read is answered with what was asked for");
  for (std::size_t i = 0; i < entries.size(); ++i) {
    BASE_CHECK(entries[i].id.index == asked.first + i, "INV-07: the log has no gap");
    if (i > 0)
      BASE_CHECK(entries[i].chain
                     == next_chain(entries[i - 1].chain, entries[i].id, entries[i].kind,
                                   entries[i].payload.hash()),
                 "INV-07: every entry is chained to the one before it");
  }
  if (asked.asker)
    send_when_durable(*asked.asker, entry_reply{current_term, asked.first, std::move(entries)});
  else if (!asked.peer)
    take_fetched(std::move(entries));
  else if (auto* self = std::get_if<roles::leader>(&role))
    if (auto peer = self->peers.find(*asked.peer); peer != self->peers.end())
      send_fetched(*self, *asked.peer, peer->second, std::move(entries));
}

void core::implementation::take_fetched(std::vector<entry> entries) {
  // Committed entries never change: what was read is what the core knows (INV-08).
  for (const auto& each : entries)
    BASE_CHECK(log.term_at(each.id.index) == each.id.term,
               "INV-08: an entry read has the term the log is known to have there");
  fetched = std::move(entries);
}

// `entries` begins with the one before the next to be sent, if that is not the snapshot point.
void core::implementation::send_fetched(roles::leader& self, server_id id, progress& peer,
                                        std::vector<entry> entries) {
  // Replaced in the meantime, by another leader.
  if (!peer.takes_entries() || log.term_at(entries.back().id.index) != entries.back().id.term)
    return;
  auto previous = log.snapshot().id;
  auto chain = log.snapshot().chain;
  if (entries.front().id.index > previous.index.next()
      || entries.front().id.index < peer.next_index()) {
    previous = entries.front().id;
    chain = entries.front().chain;
    entries.erase(entries.begin());
  }
  std::size_t count = 0;
  for (std::size_t bytes = 0; count < entries.size(); ++count) {
    bytes += entries[count].payload.size();
    if (count > 0 && bytes > bounds::append_bytes_max)
      break;
  }
  entries.resize(count);
  if (peer.next_index() == previous.index.next() && !entries.empty())
    send_entries(self, id, peer, previous, chain, std::move(entries));
}

void core::implementation::applied(log_index last) {
  BASE_CHECK(applying.has_value() && *applying == last,
             "INV-10: no apply up to there is under way");
  applying.reset();
  bytes_since_compaction += std::exchange(applying_bytes, 0);
  last_applied = last;
  proposals.applied(last_applied);
  forwarded.applied(last_applied);
  trim_window();
  confirm_applied_reads();
}

// Alone, nobody needs what is applied; with others, a little is kept for those behind.
void core::implementation::trim_window() {
  bool has_others =
      members().voters.size() + members().outgoing_voters.size() + members().learners.size() > 1;
  log.trim(last_applied, {has_others ? config.window_applied_entries_max : 0,
                          has_others ? bounds::window_applied_bytes_max : 0,
                          config.proposals_in_flight_max + 1, // and the no_op
                          config.proposal_bytes_in_flight_max});
}

void core::implementation::apply_due() {
  BASE_CHECK(is_apply_timer_running, "INV-10: no apply timer is running");
  is_apply_timer_running = false;
  // What was committed since has not waited long: its commit index may still ride with a batch,
  // and what of it is durable by now is applied along.
  due_index = std::max(due_index, timer_index);
}

void core::implementation::checkpoint_completed(log_index index) {
  checkpointed = std::max(checkpointed, index);
  is_compaction_due = true;
}

// Judged once for every checkpoint: what the store keeps back must not be asked for again.
void core::implementation::begin_compact(ready& out) {
  bool reads_for_peer = reading && (reading->peer || reading->asker);
  if (!is_compaction_due || is_damaged || compacting || reads_for_peer || is_installing
      || is_log_pinned())
    return;
  is_compaction_due = false;
  auto up_to = std::min(checkpointed, last_applied);
  if (up_to <= log.snapshot().id.index)
    return;
  if (up_to - log.snapshot().id.index <= config.log_entries_kept_min
      && bytes_since_compaction <= config.log_bytes_kept_max)
    return;
  compacting = up_to;
  bytes_before_compaction = bytes_since_compaction;
  out.compact = compact_request{up_to};
}

void core::implementation::compacted(snapshot_point point) {
  BASE_CHECK(compacting.has_value() && point.id.index <= *compacting
                 && point.id.index >= log.snapshot().id.index,
             "INV-09: the log is compacted up to a checkpoint at most");
  compacting.reset();
  // What was applied meanwhile is in the log still.
  bytes_since_compaction -= std::min(bytes_since_compaction, bytes_before_compaction);
  log.compact(std::move(point));
}

} // namespace raft
