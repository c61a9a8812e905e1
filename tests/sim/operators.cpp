// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/operators.hpp"

#include <algorithm>

namespace sim {

operators::operators(scheduler& clock, oracle& judge, report& counters, dice random,
                     std::vector<server*> servers)
  : clock_(clock), judge_(judge), counters_(counters), random_(random),
    servers_(std::move(servers)) {}

void operators::begin() {
  // Some clusters are never changed.
  if (random_.happens(300))
    return;
  wipes_ = random_.happens(500);
  pause_between_ = random_.between(500 * millisecond, 5 * second);
  next();
}

void operators::next() {
  clock_.after(random_.between(pause_between_ / 4, pause_between_ * 2), [this] {
    if (is_ended_)
      return;
    act();
    next();
  });
}

server* operators::find_leader() {
  auto order = servers_;
  random_.shuffle(order);
  auto found = std::find_if(order.begin(), order.end(), [](const server* each) {
    return each->is_running() && each->protocol().status().role == raft::role_name::leader;
  });
  return found == order.end() ? nullptr : *found;
}

void operators::act() {
  auto* leader = find_leader();
  if (leader == nullptr)
    return;
  auto members = leader->protocol().status().membership;
  switch (random_.below(8)) {
  case 0:
  case 1: return leader->transfer_leadership(random_.happens(500) ? any().id() : raft::server_id{});
  case 2:
    if (members.voters.size() > 3)
      leader->change_membership(raft::remove_member{any().id()});
    return;
  case 3: return wipe_one();
  case 4:
  case 5:
    for (const auto& each : members.learners)
      leader->change_membership(raft::promote_learner{each.id});
    return;
  default: return let_somebody_in(*leader);
  }
}

// One at a time: the others still hold everything until it is replaced.
void operators::wipe_one() {
  if (!wipes_ || !judge_.is_redundancy_whole())
    return;
  auto& one = any();
  if (one.is_running())
    one.crash();
  one.wipe();
  one.start();
  ++counters_.wiped;
}

void operators::let_somebody_in(server& leader) {
  auto members = leader.protocol().status().membership;
  auto order = servers_;
  random_.shuffle(order);
  for (const auto* each : order) {
    const auto* known = members.find(each->id());
    raft::server_life life{each->id(), each->incarnation()};
    if (!each->is_running() || (known != nullptr && known->is(life)))
      continue;
    auto address = "server-" + std::to_string(each->id().value) + ":1";
    return leader.change_membership(
        raft::add_learner{{each->id(), each->incarnation(), address, ""}});
  }
}

} // namespace sim
