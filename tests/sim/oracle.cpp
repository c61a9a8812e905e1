// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/oracle.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "raft/invariants.hpp"
#include "tests/sim/server.hpp"

namespace sim {

using raft::log_index;

namespace {

// The disk compacts before the core hears of it.
bool is_compacted(const server& one, log_index index) {
  return index < one.stores().log_state().snapshot.id.index;
}

} // namespace

void oracle::founded(const raft::entry& founding) {
  committed_.push_back({}); // index 0 stands before the log
  committed_.push_back({founding.chain, founding.id.term, {}, 0, std::nullopt});
  BASE_CHECK(raft::decode(founding.payload.bytes(), membership_), "a cluster has founders");
}

// A member in another life than the server now has holds nothing any more.
const server* oracle::find(const raft::member& who) const {
  const auto* found = find(who.id);
  return found != nullptr && who.is({found->id(), found->incarnation()}) ? found : nullptr;
}

const server* oracle::find(raft::server_id id) const {
  auto found = std::find_if(servers_.begin(), servers_.end(),
                            [id](const server* each) { return each->id() == id; });
  return found == servers_.end() ? nullptr : *found;
}

void oracle::stepped(const server& one) {
  auto now = one.protocol().status();
  auto& [boot, before] = seen_[one.id()];
  if (boot != one.boot()) {
    boot = one.boot();
    before = {};
  }
  auto mix = [this](std::uint64_t number) {
    counters_.fingerprint = (counters_.fingerprint ^ number) * 0x9e3779b97f4a7c15u;
    counters_.fingerprint ^= counters_.fingerprint >> 29;
  };
  mix(one.id().value ^ now.commit_index.value << 8 ^ now.last_index.value << 32);
  mix(now.current_term.value ^ now.last_applied.value << 16);
  check_commit(one, now);
  if (now.role == raft::role_name::leader) {
    if (before.role != raft::role_name::leader || before.term != now.current_term) {
      before.match_indexes.clear();
      check_new_leader(one, now);
    }
    check_match_indexes(one, now, before);
    check_lease(one, now);
  }
  check_followed(now);
  check_membership(one, now);
  before.commit_index = now.commit_index;
  before.role = now.role;
  before.term = now.current_term;
}

// Log matching makes the chain at one place speak for everything below it.
void oracle::check_commit(const server& one, const raft::core_status& now) {
  if (now.commit_index <= seen_[one.id()].second.commit_index)
    return;
  auto known = std::min(now.commit_index, committed_index());
  if (!is_compacted(one, known))
    BASE_CHECK(one.chain_at(known) == committed_[known.value].chain,
               "INV-11, INV-16: committed entries are the same everywhere, for ever");
  if (now.commit_index == known)
    return;
  check_quorum_holds(one, now.commit_index, now.membership);
  for (auto index = known.next(); index <= now.commit_index; index = index.next())
    extend_committed(one, now, index);
}

void oracle::extend_committed(const server& one, const raft::core_status& now, log_index index) {
  auto chain = one.chain_at(index);
  BASE_CHECK(chain, "INV-07: what is committed is in the log");
  auto holder = std::find_if(servers_.begin(), servers_.end(), [&](const server* each) {
    return each->stores().chain_at(index) == chain
           && each->stores().log_state().snapshot.id.index < index;
  });
  BASE_CHECK(holder != servers_.end(), "INV-21: what is committed is on some disk");
  auto entry = (*holder)->stores().entry_at(index);
  committed_entry next{*chain, entry.id.term, now.current_term, 0, std::nullopt};
  if (entry.kind == raft::entry_kind::command)
    next.operation = decode(entry.payload).operation;
  BASE_CHECK(next.operation == 0 || operations_.insert(next.operation).second,
             "INV-21: what a client asked once is done once");
  if (entry.kind == raft::entry_kind::membership) {
    BASE_CHECK(raft::decode(entry.payload.bytes(), membership_), "a membership arrives whole");
    ++counters_.membership_changes;
  }
  committed_.push_back(next);
  ++counters_.committed;
}

// No crash can undo what is committed, not even of all.
void oracle::check_quorum_holds(const server& one, log_index index,
                                const raft::membership& members) const {
  auto chain = one.chain_at(index);
  auto is_quorum = [&](const std::vector<raft::member>& voters) {
    auto holders = std::count_if(voters.begin(), voters.end(), [&](const raft::member& each) {
      // What a wiped server held counted when it was acknowledged; only one is wiped at a time.
      const auto* found = find(each);
      return found == nullptr || found->stores().chain_at(index) == chain;
    });
    return static_cast<std::size_t>(holders) * 2 > voters.size();
  };
  BASE_CHECK(chain && is_quorum(members.voters)
                 && (!members.is_joint() || is_quorum(members.outgoing_voters)),
             "INV-21: what is committed is durable on a quorum");
}

// Thesis 3.4: nobody leads without the votes of a quorum for its term.
void oracle::check_elected(const server& one, const raft::core_status& now) const {
  auto voted = [&](const raft::member& each) {
    const auto* voter = find(each);
    if (voter == &one)
      return true; // its own is judged by INV-12
    if (voter == nullptr)
      return false;
    auto vote = votes_.find({each.id, voter->incarnation(), now.current_term});
    return vote != votes_.end() && vote->second == one.id();
  };
  auto is_quorum = [&](const std::vector<raft::member>& voters) {
    auto votes = std::count_if(voters.begin(), voters.end(), voted);
    return static_cast<std::size_t>(votes) * 2 > voters.size();
  };
  BASE_CHECK(is_quorum(now.membership.voters)
                 && (!now.membership.is_joint() || is_quorum(now.membership.outgoing_voters)),
             "INV-15: a leader has the votes of a quorum");
}

void oracle::check_new_leader(const server& one, const raft::core_status& now) {
  auto [place, is_new] = leader_of_term_.try_emplace(now.current_term, one.id());
  BASE_CHECK(is_new || place->second == one.id(), "INV-15: at most one server leads in a term");
  counters_.elections += is_new ? 1 : 0;
  check_elected(one, now);
  // Leader completeness (thesis 3.6.3): it holds what was committed in earlier terms.
  auto index = committed_index();
  while (index > log_index{1} && committed_[index.value].commit_term >= now.current_term)
    index = index.previous();
  if (!is_compacted(one, index))
    BASE_CHECK(one.chain_at(index) == committed_[index.value].chain,
               "INV-21: a leader holds everything that was committed before its term");
}

// A leader is known by its term alone; who only asks for votes is not followed.
void oracle::check_followed(const raft::core_status& now) const {
  if (now.leader == raft::server_id{})
    return;
  auto led = leader_of_term_.find(now.current_term);
  BASE_CHECK(led != leader_of_term_.end() && led->second == now.leader,
             "INV-15: who is followed leads the term");
}

// It took effect when it was appended, and went with what was truncated (thesis 4.1).
void oracle::check_membership(const server& one, const raft::core_status& now) {
  const auto& log = one.stores().log_state();
  if (log.last.index == now.last_index && log.last_chain == one.chain_at(now.last_index))
    BASE_CHECK(log.membership == now.membership,
               "INV-24: the configuration in force is the newest one of the log");
}

// Thesis 6.4.1: while it may answer reads by itself, nobody else can have been elected.
void oracle::check_lease(const server& one, const raft::core_status& now) const {
  BASE_CHECK(leader_of_term_.rbegin()->first <= now.current_term
                 || !raft::invariant_checker::holds_lease(one.protocol()),
             "INV-22: while a leader has a lease, there is no later one");
}

void oracle::check_match_indexes(const server& one, const raft::core_status& now, seen& before) {
  for (auto [peer, match] : raft::invariant_checker::match_indexes(one.protocol())) {
    auto& known = before.match_indexes[peer];
    if (match == known)
      continue;
    // Zero: the peer was let in anew.
    BASE_CHECK(match > known || match == log_index{0},
               "INV-14: match_index never goes back within a term");
    known = match;
    const auto* member = now.membership.find(peer);
    const auto* found = member != nullptr ? find(*member) : nullptr;
    // A follower that went on to a later term may have replaced what it acknowledged.
    if (found == nullptr || is_compacted(one, match)
        || found->stores().log_state().hard_state.current_term > now.current_term
        || is_compacted(*found, match))
      continue;
    BASE_CHECK(found->stores().chain_at(match) == one.chain_at(match),
               "INV-14: a follower holds durably what its leader takes for matched");
  }
}

void oracle::record_vote(const server& one, raft::term at, raft::server_id candidate) {
  auto [place, is_new] = votes_.try_emplace({one.id(), one.incarnation(), at}, candidate);
  BASE_CHECK(is_new || place->second == candidate,
             "INV-02: a server votes once in a term, in its whole life");
}

void oracle::leaves(const server& one, const raft::message& body, raft::server_id to) {
  const auto& durable = one.stores().log_state().hard_state;
  auto is_durable_vote = [&durable](raft::term at, raft::server_id candidate) {
    return at < durable.current_term
           || (at == durable.current_term && durable.voted_for == candidate);
  };
  const auto* reply = std::get_if<raft::append_entries_reply>(&body);
  if (reply != nullptr || std::holds_alternative<raft::append_entries>(body))
    BASE_CHECK(raft::term_of(body) <= durable.current_term, "INV-19: a message's term is durable");
  if (const auto* vote = std::get_if<raft::request_vote>(&body); vote && !vote->is_pre_vote) {
    BASE_CHECK(is_durable_vote(vote->term, one.id()), "INV-19: a candidate's own vote is durable");
    record_vote(one, vote->term, one.id());
  }
  if (const auto* vote = std::get_if<raft::request_vote_reply>(&body);
      vote && vote->is_granted && !vote->is_pre_vote) {
    BASE_CHECK(is_durable_vote(vote->term, to), "INV-19: a vote is durable before it is told");
    record_vote(one, vote->term, to);
  }
  if (reply != nullptr)
    if (const auto* accepted = std::get_if<raft::append_accepted>(&reply->outcome))
      BASE_CHECK(reply->term < durable.current_term
                     || accepted->match_index <= one.stores().log_state().last.index,
                 "INV-19: accepted entries are durable before they are told");
}

void oracle::applied(const server& one, const raft::entry& what, std::uint64_t digest) {
  auto index = what.id.index;
  BASE_CHECK(index <= one.stores().log_state().hard_state.commit_index,
             "INV-50: an entry is durably committed before it is applied");
  BASE_CHECK(index <= committed_index() && committed_[index.value].chain == what.chain,
             "INV-06, INV-16: only committed entries are applied");
  auto& known = committed_[index.value].digest;
  BASE_CHECK(!known || *known == digest, "INV-16: equal last_applied means equal state");
  known = digest;
}

void oracle::opened(const server& one) {
  const auto& state = one.stores().state();
  auto index = state.last_applied().index;
  if (index == log_index{0})
    return; // nothing yet, or lost
  BASE_CHECK(index <= committed_index() && committed_[index.value].chain == state.chain(),
             "INV-16: the state that is opened is one of this cluster");
  const auto& known = committed_[index.value].digest;
  BASE_CHECK(!known || *known == state.digest(), "INV-54: rows and last_applied change together");
}

bool oracle::is_redundancy_whole() const {
  auto is_whole = [this](const raft::member& each) {
    const auto* found = find(each);
    return found != nullptr && !found->stores().is_state_lost();
  };
  return !membership_.is_joint() && membership_.voters.size() >= 3
         && std::all_of(membership_.voters.begin(), membership_.voters.end(), is_whole)
         && std::all_of(membership_.learners.begin(), membership_.learners.end(), is_whole);
}

void oracle::acknowledged(std::uint64_t operation, log_index index) {
  BASE_CHECK(index <= committed_index() && committed_[index.value].operation == operation,
             "INV-21: what is acknowledged is committed where it was said to be");
  acknowledged_ = std::max(acknowledged_, index);
}

void oracle::read(log_index promised, log_index at) const {
  BASE_CHECK(at >= promised, "INV-22: a read sees what was acknowledged before it came");
}

} // namespace sim
