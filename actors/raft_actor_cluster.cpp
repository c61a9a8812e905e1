// SPDX-License-Identifier: Apache-2.0
#include "actors/raft_actor_state.hpp"

namespace actors {

void raft_actor::on_links_ready(const links_ready& what) {
  if (what.life != life_)
    return;
  way_ = what.way;
  links_ = caf::actor_cast<peer_links_handle>(current_sender());
  tell_peer_links();
}

void raft_actor::on_peer_spoke(const peer_spoke& what) {
  if (what.life != life_)
    return;
  contacts_.heard(what.from, now());
  core_->step(what.from, std::move(what.what->body));
  perform();
}

void raft_actor::tell_peer_links() {
  if (!links_ || status_.core.membership == told_members_)
    return;
  told_members_ = status_.core.membership;
  contacts_.keep(told_members_);
  send(links_, talk_to{life_, std::make_shared<raft::membership>(told_members_), members_index_});
}

/// As of the last tick: what is shown is a little older than what is.
void raft_actor::note_contacts() {
  const auto& core = status_.core;
  status_.heard.clear();
  auto add = [this](const std::vector<raft::member>& some) {
    for (const auto& each : some)
      if (auto last = contacts_.last(each.id))
        status_.heard.emplace_back(each.id, *last);
  };
  add(core.membership.voters);
  add(core.membership.learners);
  if (core.role == raft::role_name::leader)
    status_.in_touch = contacts_.quorum(core.membership, settings_.core.self, now());
  else if (auto last = contacts_.last(core.leader))
    status_.in_touch = last;
}

} // namespace actors
