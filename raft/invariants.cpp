// SPDX-License-Identifier: Apache-2.0
#include "raft/invariants.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"

namespace raft {

void invariant_checker::check_state(const core& subject) {
  const auto& self = *subject.self_;
  check_positions(self);
  check_log(self, std::nullopt);
  check_role(self);
  check_waiting(self);
}

void invariant_checker::check_positions(const inside& self) {
  const auto& log = self.log;
  const auto& snapshot = log.snapshot().id;
  BASE_CHECK(self.current_term >= log.last().term, "INV-01: no entry is newer than current_term");
  BASE_CHECK(self.current_term >= self.durable_state.current_term,
             "INV-01: the durable term is not ahead");
  BASE_CHECK(snapshot.index <= self.commit_index && self.commit_index <= log.last().index,
             "INV-04: commit_index lies within the log");
  BASE_CHECK(self.durable_state.commit_index <= self.commit_index
                 && self.durable_state.commit_index <= log.durable_index(),
             "INV-05: the durable commit_index lies within what is durable");
  BASE_CHECK((snapshot.index <= self.last_applied || self.state_is_lost)
                 && self.last_applied <= self.applied_or_applying()
                 && self.applied_or_applying() <= self.apply_limit(),
             "INV-06: what is applied is durable and durably committed");
  BASE_CHECK(log.durable_index() <= log.handed_index() && log.handed_index() <= log.last().index,
             "INV-10: durable, under way, last stand in this order");
  BASE_CHECK(log.is_persisting() == self.persisting.has_value(),
             "INV-10: the log and the core agree on the persist under way");
  BASE_CHECK(self.log.truncate_from_.value_or(log.handed_index().next())
                 > self.durable_state.commit_index,
             "INV-11: what is durably committed is not to be truncated");
}

void invariant_checker::check_log(const inside& self, const std::optional<log_index>& verified) {
  const auto& log = self.log;
  BASE_CHECK(log.window_first() > log.snapshot().id.index
                 && log.window_first() <= log.durable_index().next(),
             "INV-07: what is not durable is in the window, what is compacted is not");
  auto index = log.window_first();
  if (verified)
    index = std::max(index, verified->next());
  std::optional<chain_hash> chain = log.chain_at(index.previous());
  for (auto skipped = index - log.window_first(); skipped < log.window_.size(); ++skipped) {
    const auto& what = log.window_[skipped].what;
    BASE_CHECK(what.id.index == index, "INV-07: the window has no gap");
    BASE_CHECK(chain && what.chain == next_chain(*chain, what.id, what.kind, what.payload.hash()),
               "INV-07: every entry is chained to the one before it");
    BASE_CHECK(log.term_at(index) == what.id.term, "INV-08: term starts tell each entry's term");
    chain = what.chain;
    index = index.next();
  }
  BASE_CHECK(index == log.last().index.next() && chain == log.last_chain(),
             "INV-07: the window ends at the last entry");
  const auto& starts = log.term_starts_;
  bool is_ascending =
      std::is_sorted(starts.begin(), starts.end(), [](const auto& a, const auto& b) {
        return a.first_index < b.first_index && a.term < b.term;
      });
  BASE_CHECK(is_ascending && (starts.empty() || starts.front().first_index == log.first_index()),
             "INV-08: term starts ascend from the first entry");
}

void invariant_checker::check_role(const inside& self) {
  bool is_voter = self.takes_part();
  switch (static_cast<role_name>(self.role.index())) {
  case role_name::learner: BASE_CHECK(!is_voter, "INV-12: a voter is no learner"); break;
  case role_name::leader: check_leader(self); break;
  case role_name::candidate:
    BASE_CHECK(self.voted_for == self.config.self, "INV-12: a candidate votes for itself");
    [[fallthrough]];
  default: BASE_CHECK(is_voter, "INV-12: who has no vote is a learner");
  }
  BASE_CHECK(self.is_leader() || !self.proposals.has_queued(),
             "INV-17: only a leader has proposals to append");
}

void invariant_checker::check_leader(const inside& self) {
  const auto& leader = std::get<roles::leader>(self.role);
  BASE_CHECK(self.durable_state.current_term == self.current_term
                 && self.durable_state.voted_for == self.config.self,
             "INV-12: a leader's term and vote are durable");
  BASE_CHECK(leader.no_op < self.log.first_index()
                 || self.log.term_at(leader.no_op) == self.current_term,
             "INV-12: a leader's log holds its no_op until it is compacted");
  for (const auto& [id, peer] : leader.peers) {
    BASE_CHECK(id != self.config.self, "INV-14: a leader is not its own peer");
    BASE_CHECK(peer.match_index() < peer.next_index()
                   && peer.next_index() <= self.log.last().index.next(),
               "INV-14: match_index < next_index <= last + 1");
    BASE_CHECK(peer.confirmed_round <= leader.read_round,
               "INV-18: a round is confirmed after it began");
  }
}

void invariant_checker::check_waiting(const inside& self) {
  const auto& proposals = self.proposals;
  const auto& forwarded = self.forwarded;
  BASE_CHECK(proposals.in_flight() + forwarded.in_flight() <= self.config.proposals_in_flight_max
                 && proposals.bytes_in_flight() + forwarded.bytes_in_flight()
                        <= self.config.proposal_bytes_in_flight_max,
             "INV-17: proposals in flight are bounded");
  std::uint64_t bytes = 0;
  for (const auto& each : proposals.queued_)
    bytes += each.payload.size();
  std::size_t committed = 0;
  auto before = self.last_applied;
  for (const auto& each : proposals.appended_) {
    BASE_CHECK(each.id.index > before && self.log.term_at(each.id.index) == each.id.term,
               "INV-17: proposals stand in the log's order, unapplied");
    bytes += each.bytes;
    committed += each.id.index <= self.commit_index ? 1 : 0;
    before = each.id.index;
  }
  BASE_CHECK(committed == proposals.committed_count_ && bytes == proposals.bytes_in_flight(),
             "INV-17: what is committed was announced, and the bytes add up");
  const auto& reads = self.reads;
  BASE_CHECK(reads.size() <= self.config.reads_waiting_max, "INV-18: waiting reads are bounded");
  auto asked = reads.for_leader_.size() + reads.at_leader_.size();
  BASE_CHECK(self.is_leader() || reads.size() == reads.for_apply_.size() + asked,
             "INV-18: only a leader has reads to confirm");
  BASE_CHECK(asked == 0 || (!self.is_leader() && self.leader_id() != server_id{}),
             "INV-18: a leader that is known is asked");
  BASE_CHECK(reads.for_apply_.size() == reads.for_apply_by_index_.size()
                 && (reads.for_apply_by_index_.empty()
                     || reads.for_apply_by_index_.begin()->first > self.last_applied),
             "INV-18: a read whose index is applied does not wait");
}

invariant_checker::observation invariant_checker::observe(const inside& self) {
  return {self.current_term,     self.voted_for,
          self.commit_index,     self.log.chain_at(self.commit_index),
          self.durable_state,    self.last_applied,
          self.log.last(),       static_cast<role_name>(self.role.index()),
          self.log.last_chain(), self.history.current_index()};
}

void invariant_checker::check_transition(const observation& before, const observation& now,
                                         const inside& self) {
  BASE_CHECK(now.current_term >= before.current_term
                 && now.durable.current_term >= before.durable.current_term,
             "INV-01: terms never go back");
  BASE_CHECK(now.current_term > before.current_term || before.voted_for == server_id{}
                 || now.voted_for == before.voted_for,
             "INV-02: a vote never changes within its term");
  BASE_CHECK(now.commit_index >= before.commit_index
                 && now.durable.commit_index >= before.durable.commit_index,
             "INV-03: commit indexes never go back");
  BASE_CHECK(now.last_applied >= before.last_applied, "INV-06: last_applied never goes back");
  auto chain = self.log.chain_at(before.commit_index);
  BASE_CHECK(!chain || !before.chain_at_commit || *chain == *before.chain_at_commit,
             "INV-11: committed entries never change");
  if (before.role == role_name::leader && now.role == role_name::leader
      && before.current_term == now.current_term)
    check_lead(before, now, self);
}

// It led one term all the while.
void invariant_checker::check_lead(const observation& before, const observation& now,
                                   const inside& self) {
  BASE_CHECK(now.last.index >= before.last.index
                 && self.log.term_at(before.last.index) == before.last.term,
             "INV-20: a leader only appends to its log");
  BASE_CHECK(now.commit_index == before.commit_index
                 || self.log.term_at(now.commit_index) == now.current_term,
             "INV-13: a leader commits by counting in its own term only");
  if (now.membership_index == before.membership_index)
    return;
  BASE_CHECK(self.has_own_commit(std::get<roles::leader>(self.role)),
             "INV-24: a leader that changes who takes part has committed in its own term");
  BASE_CHECK(before.membership_index <= now.commit_index,
             "INV-24: one change of membership is under way at a time");
}

void invariant_checker::check_step(const core& subject) {
  const auto& self = *subject.self_;
  // What was chained up to the last entry still is while that entry stands.
  std::optional<log_index> verified;
  if (before_ && ++steps_ % steps_between_full_checks != 0
      && self.log.chain_at(before_->last.index) == before_->last_chain)
    verified = before_->last.index;
  check_positions(self);
  check_log(self, verified);
  check_role(self);
  check_waiting(self);
  auto now = observe(self);
  if (before_)
    check_transition(*before_, now, self);
  before_ = now;
}

std::optional<chain_hash> invariant_checker::chain_at(const core& subject, log_index index) {
  return subject.self_->log.chain_at(index);
}

std::vector<std::pair<server_id, log_index>> invariant_checker::match_indexes(const core& subject) {
  std::vector<std::pair<server_id, log_index>> found;
  if (const auto* leader = std::get_if<roles::leader>(&subject.self_->role))
    for (const auto& [id, peer] : leader->peers)
      found.emplace_back(id, peer.match_index());
  return found;
}

bool invariant_checker::holds_lease(const core& subject) {
  return subject.self_->has_lease();
}

void check_all(const core& subject) {
  invariant_checker::check_state(subject);
}

} // namespace raft
