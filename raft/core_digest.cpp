// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/check.hpp"
#include "raft/core_implementation.hpp"

/// Do the replicas have one state (two stores, one truth: rule 28)? Every answer to a leader
/// carries the sender's newest digest, so that none is lost for good; the leader compares what
/// was reported at one index. Whoever a majority of the voters contradicts is out, the leader
/// too; without a majority there is only an alarm: nobody can tell who is right.
namespace raft {

std::optional<digest_point> core::implementation::newest_digest() const {
  const auto* newest = digests.newest();
  return newest == nullptr ? std::nullopt : std::optional(*newest);
}

void core::implementation::digest_recorded(const digest_point& point) {
  BASE_CHECK(point.index <= last_applied, "INV-27: a digest is of what was applied");
  if (outvoted)
    return;
  digests.add(point);
  compare_digests(point.index);
}

void core::implementation::take_digest(server_id from, progress& peer, const digest_point& point) {
  const auto* known = peer.digests.at(point.index);
  if (known == nullptr || *known != point) {
    peer.digests.add(point);
    if (peer.outvoted_at >= point.index)
      peer.outvoted_at = {};
    compare_digests(point.index);
    return;
  }
  // It was told, and answers as before: the message was lost.
  const auto& self = std::get<roles::leader>(role);
  if (peer.outvoted_at == point.index)
    if (auto majority = digest_of_majority(self, point.index))
      send(from, state_outvoted{current_term, *majority});
}

const digest_point* core::implementation::digest_of(const roles::leader& self, const member& who,
                                                    log_index at) const {
  if (who.is(this->self()))
    return digests.at(at);
  const auto* peer = peer_of(self, who);
  return peer == nullptr ? nullptr : peer->digests.at(at);
}

std::optional<digest_point> core::implementation::digest_of_majority(const roles::leader& self,
                                                                     log_index at) const {
  for (const auto& candidate : members().voters) {
    const auto* value = digest_of(self, candidate, at);
    bool has_majority = value != nullptr && is_quorum(members(), [&](const member& each) {
                          const auto* other = digest_of(self, each, at);
                          return other != nullptr && *other == *value;
                        });
    if (has_majority)
      return *value;
  }
  return std::nullopt;
}

void core::implementation::compare_digests(log_index at) {
  auto* self = std::get_if<roles::leader>(&role);
  if (self == nullptr)
    return;
  auto majority = digest_of_majority(*self, at);
  if (!majority)
    return raise_digest_alarm(*self, at);
  self->digests_agreed = std::max(self->digests_agreed, at);
  if (self->digests_alarm <= at)
    self->digests_alarm = {};
  for (auto& [id, peer] : self->peers) {
    const auto* theirs = peer.digests.at(at);
    if (theirs == nullptr || !contradicts(*theirs, *majority) || peer.outvoted_at >= at)
      continue;
    peer.outvoted_at = at;
    emit(event::kind::peer_outvoted, at);
    send(id, state_outvoted{current_term, *majority});
  }
  if (const auto* own = digests.at(at); own != nullptr && contradicts(*own, *majority))
    become_outvoted(*majority);
}

// Whether its value may still come: it answers, and was not there yet.
bool core::implementation::may_report(const roles::leader& self, const member& who,
                                      log_index at) const {
  if (who.is(this->self()))
    return last_applied < at;
  const auto* peer = peer_of(self, who);
  const auto* newest = peer == nullptr ? nullptr : peer->digests.newest();
  return peer != nullptr && is_reachable(*peer) && (newest == nullptr || newest->index < at);
}

// Once an index, and not while somebody who answers may decide it.
void core::implementation::raise_digest_alarm(roles::leader& self, log_index at) {
  if (at <= self.digests_alarm || at <= self.digests_agreed)
    return;
  const digest_point* first = nullptr;
  bool do_differ = false;
  for (const auto* set : {&members().voters, &members().outgoing_voters})
    for (const auto& each : *set) {
      const auto* value = digest_of(self, each, at);
      if (value == nullptr && may_report(self, each, at))
        return;
      first = first == nullptr ? value : first;
      do_differ = do_differ || (value != nullptr && contradicts(*value, *first));
    }
  if (!do_differ)
    return;
  self.digests_alarm = at;
  emit(event::kind::digests_differ, at);
}

// Who was waited for may be gone.
void core::implementation::review_digests() {
  if (const auto* newest = digests.newest())
    compare_digests(newest->index);
}

// An install is about to replace what was outvoted.
void core::implementation::handle_state_outvoted(server_id from, const state_outvoted& what) {
  const auto* own = digests.at(what.majority.index);
  if (is_leader() || from != leader_id() || install || own == nullptr
      || !contradicts(*own, what.majority))
    return;
  become_outvoted(what.majority);
}

// INV-27. Its log may be whole, but it is no longer trusted with anything: from here on
// nothing is heard, said, applied or voted, until an operator gave it another state.
void core::implementation::become_outvoted(const digest_point& majority) {
  if (is_leader())
    hand_over_at_once();
  outvoted = state_outvote{*digests.at(majority.index), majority};
  owes_outvoted = true;
  emit(event::kind::became_outvoted, majority.index);
  become_follower(current_term, {});
  held.clear();
}

} // namespace raft
