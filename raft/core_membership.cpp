// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"
#include "raft/planted_bug.hpp"

/// Who takes part (thesis 4): one change at a time, effective on append, voters through a
/// joint configuration (4.3), and the lives of servers that the configuration did not name.
namespace raft {

membership_outcome core::implementation::propose_membership(request_id request,
                                                            const membership_change& change) {
  BASE_CHECK(!is_origin(request), "INV-17: numbers from 2^63 on are the core's own");
  auto refusal = refusal_of(change);
  if (refusal)
    return *refusal;
  auto first = first_step(members(), changed(members(), change));
  append(make_entry(entry_kind::membership, payload(encode(first))));
  changing = request;
  proposal_answers.push_back(proposal_appended{request, log.last()});
  return accepted{};
}

std::optional<membership_refused> core::implementation::refusal_of(
    const membership_change& change) const {
  using why = membership_refusal;
  const auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr || self->handing_over || state_is_lost)
    return membership_refused{why::not_leader, self == nullptr ? leader_id() : server_id{}};
  if (is_disk_full)
    return membership_refused{why::storage_full, config.self};
  if (!has_own_commit(*self)
      && !ASPEN_PLANTED(
          change_before_own_commit)) // Ongaro 2015: else two changes may be in force unseen
    return membership_refused{why::no_own_commit, config.self};
  bool is_changing = members().is_joint() || history.current_index() > commit_index || changing;
  if (is_changing && !ASPEN_PLANTED(changes_overlap))
    return membership_refused{why::change_in_progress, config.self};
  if (const auto* add = std::get_if<add_learner>(&change))
    return refusal_of(*add);
  if (const auto* promote = std::get_if<promote_learner>(&change))
    return refusal_of(*self, *promote);
  auto id = std::get<remove_member>(change).id;
  if (!members().is_member(id))
    return membership_refused{why::unknown_member, config.self};
  return quorum_refusal(*self, change);
}

std::optional<membership_refused> core::implementation::refusal_of(const add_learner& add) const {
  auto is_taken = [&](const std::vector<member>& set) {
    return std::any_of(set.begin(), set.end(), [&](const member& each) {
      return each.id != add.who.id && !each.raft_addr.empty()
             && each.raft_addr == add.who.raft_addr;
    });
  };
  const auto* known = members().find(add.who.id);
  bool is_known = known != nullptr && (add.who.incarnation.is_nil() || known->is(add.who.life()));
  if (is_known || add.who.id == config.self || add.who.id == server_id{}
      || is_taken(members().voters) || is_taken(members().learners))
    return membership_refused{membership_refusal::already_member, config.self};
  if (known == nullptr || !members().is_voter(add.who.id))
    return std::nullopt;
  return quorum_refusal(std::get<roles::leader>(role), add);
}

std::optional<membership_refused> core::implementation::refusal_of(
    const roles::leader& self, const promote_learner& promote) const {
  using why = membership_refusal;
  if (members().is_voter(promote.id))
    return membership_refused{why::already_member, config.self};
  auto found = self.peers.find(promote.id);
  if (found == self.peers.end())
    return membership_refused{why::unknown_member, config.self};
  const auto& peer = found->second;
  if (!is_reachable(peer) || peer.is_fenced())
    return membership_refused{why::unreachable, config.self};
  auto lag = log.last().index - peer.match_index();
  if (lag > bounds::promotion_lag_entries_max)
    return membership_refused{why::learner_lags, config.self, bounds::promotion_lag_entries_max,
                              lag};
  return quorum_refusal(self, promote);
}

// Whether those who would vote can still decide, as far as is known (etcd's strict check).
std::optional<membership_refused> core::implementation::quorum_refusal(
    const roles::leader& self, const membership_change& change) const {
  auto next = changed(members(), change);
  std::uint64_t reachable = 0;
  for (const auto& each : next.voters) {
    const auto* peer = peer_of(self, each);
    reachable += each.is(this->self()) || (peer != nullptr && is_fresh(*peer)) ? 1 : 0;
  }
  auto needed = next.voters.size() / 2 + 1;
  if (reachable >= needed)
    return std::nullopt;
  return membership_refused{membership_refusal::quorum_would_be_lost, config.self, needed,
                            reachable};
}

bool core::implementation::is_reachable(const progress& peer) const {
  return peer.silent_ticks < config.election_timeout_ticks_min;
}

// For what cannot be taken back: it answered one of the last few heartbeats.
bool core::implementation::is_fresh(const progress& peer) const {
  return is_reachable(peer)
         && peer.silent_ticks <= bounds::fresh_heartbeats * std::uint64_t{config.heartbeat_ticks};
}

void core::implementation::peer_lost(server_id id) {
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr)
    return;
  if (auto peer = self->peers.find(id); peer != self->peers.end())
    peer->second.silent_ticks =
        std::max(peer->second.silent_ticks, std::uint64_t{config.election_timeout_ticks_min});
}

void core::implementation::found(const membership& founders) {
  BASE_CHECK(founders.is_voter(self()), "a founder is a voter, in its life");
  if (log.last().index > log_index{})
    return; // a leader brought the entry
  append(founding_entry(config.cluster_id, founders));
  commit_to(log.last().index);
  settle();
}

// After every input: goes on with what a committed configuration asks for.
void core::implementation::advance_membership() {
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr || !has_own_commit(*self)
      || (history.current_index() > commit_index && !ASPEN_PLANTED(joint_left_early)))
    return;
  if (members().is_joint()) {
    append(make_entry(entry_kind::membership, payload(encode(settled(members())))));
    return;
  }
  if (auto done = std::exchange(changing, std::nullopt))
    proposal_answers.push_back(proposal_committed{*done, {history.current_index(), current_term}});
  say_goodbye(*self);
  // Thesis 4.2.2: a leader that is no member leads until that is committed.
  if (!is_voter()) {
    hand_over_at_once();
    become_follower(current_term, {});
  }
}

// Tells those who are no members any more that this is committed, so that they know. A word
// that is lost is not repeated: their peers refuse them.
void core::implementation::say_goodbye(roles::leader& self) {
  for (auto& [id, peer] : self.peers)
    if (!members().is_member(id) && peer.takes_entries())
      send_heartbeat(self, id, peer);
  std::erase_if(self.peers, [this](const auto& each) { return !members().is_member(each.first); });
}

// Members of the committed configuration that the newest does not name.
std::vector<member> core::implementation::departing() const {
  std::vector<member> all;
  if (history.current_index() <= commit_index)
    return all;
  const auto& before = history.at(commit_index);
  for (const auto* set : {&before.voters, &before.learners, &before.outgoing_voters})
    for (const auto& each : *set)
      if (!members().is_member(each.id)
          && std::none_of(all.begin(), all.end(),
                          [&](const auto& one) { return one.id == each.id; }))
        all.push_back(each);
  return all;
}

// Once an election timeout: writes down the lives of founders that were not known when the
// cluster was formed. Who votes stays the same, so that one entry suffices.
void core::implementation::name_lives() {
  const auto& self = std::get<roles::leader>(role);
  if (!has_own_commit(self) || self.handing_over || is_disk_full || changing || members().is_joint()
      || history.current_index() > commit_index)
    return;
  auto named = members();
  bool is_news = false;
  for (auto* set : {&named.voters, &named.learners})
    for (auto& each : *set) {
      auto life = config.incarnation;
      if (each.id != config.self) {
        auto peer = self.peers.find(each.id);
        life = peer == self.peers.end() ? incarnation{} : peer->second.heard_incarnation;
      }
      if (!each.incarnation.is_nil() || life.is_nil())
        continue;
      each.incarnation = life;
      is_news = true;
    }
  if (is_news)
    append(make_entry(entry_kind::membership, payload(encode(named))));
}

// The peers are the other members of the newest configuration, each in its life. Those whom it
// leaves out count for nothing, but get the log until it is committed: they are to learn of it.
void core::implementation::reconcile_peers(roles::leader& self) {
  auto leaving = departing();
  std::erase_if(self.peers, [&](const auto& each) {
    return !members().is_member(each.first)
           && std::none_of(leaving.begin(), leaving.end(),
                           [&](const member& one) { return one.id == each.first; });
  });
  for (const auto* set : {&members().voters, &members().learners, &members().outgoing_voters})
    for (const auto& each : *set) {
      if (each.id == config.self)
        continue;
      auto life = members().find(each.id)->incarnation;
      auto found = self.peers.try_emplace(each.id, log.last().index.next()).first;
      auto& peer = found->second;
      const auto& said = peer.incarnation.is_nil() ? peer.heard_incarnation : peer.incarnation;
      if (!said.is_nil() && said != life)
        peer = progress(log.last().index.next());
      peer.incarnation = life;
    }
}

const progress* core::implementation::peer_of(const roles::leader& self, const member& who) {
  auto found = self.peers.find(who.id);
  if (found == self.peers.end() || found->second.incarnation != who.incarnation)
    return nullptr;
  return found->second.is_fenced() ? nullptr : &found->second;
}

} // namespace raft
