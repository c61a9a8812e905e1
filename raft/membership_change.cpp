// SPDX-License-Identifier: Apache-2.0
#include "raft/membership_change.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "raft/overloaded_set.hpp"

namespace raft {

namespace {

void erase(std::vector<member>& members, server_id id) {
  std::erase_if(members, [id](const member& each) { return each.id == id; });
}

} // namespace

membership changed(membership from, const membership_change& change) {
  BASE_CHECK(!from.is_joint(), "INV-24: one change at a time");
  std::visit(overloaded_set{
                 [&](const add_learner& add) {
                   erase(from.voters, add.who.id);
                   erase(from.learners, add.who.id);
                   from.learners.push_back(add.who);
                 },
                 [&](const promote_learner& promote) {
                   const auto* learner = from.find(promote.id);
                   BASE_CHECK(learner != nullptr && !from.is_voter(promote.id),
                              "a learner is promoted");
                   from.voters.push_back(*learner);
                   erase(from.learners, promote.id);
                 },
                 [&](const remove_member& remove) {
                   BASE_CHECK(from.is_member(remove.id), "a member is removed");
                   erase(from.voters, remove.id);
                   erase(from.learners, remove.id);
                 },
             },
             change);
  return from;
}

membership first_step(const membership& from, const membership& target) {
  auto first = target;
  if (target.voters != from.voters)
    first.outgoing_voters = from.voters;
  return first;
}

membership settled(membership joint) {
  BASE_CHECK(joint.is_joint(), "INV-24: only a joint configuration is left");
  joint.outgoing_voters.clear();
  return joint;
}

} // namespace raft
