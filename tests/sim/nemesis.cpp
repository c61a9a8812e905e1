// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/nemesis.hpp"

#include <algorithm>

namespace sim {

using raft::server_id;

nemesis::nemesis(scheduler& clock, network& links, const oracle& judge, report& counters,
                 dice random, std::vector<server*> servers, std::uint64_t clock_drift_per_mille)
  : clock_(clock), links_(links), judge_(judge), counters_(counters), random_(random),
    servers_(std::move(servers)), clock_drift_per_mille_(clock_drift_per_mille) {}

void nemesis::begin() {
  for (auto each : {fault::crash, fault::crash_many, fault::pause, fault::partition,
                    fault::bad_network, fault::slow_disk, fault::bad_disk, fault::clock,
                    fault::old_answers, fault::full_disk, fault::lost_state, fault::lost_wal,
                    fault::slow_network, fault::unheard_successor, fault::forgotten_promises})
    if (random_.happens(each == fault::partition || each == fault::crash ? 800 : 500))
      faults_.push_back(each);
  if (faults_.empty())
    faults_.push_back(fault::partition);
  pause_between_ = random_.between(300 * millisecond, 4 * second);
  next();
}

void nemesis::later(sim_time low, sim_time high, std::function<void()> what) {
  clock_.after(random_.between(low, high),
               [this, generation = generation_, then = std::move(what)] {
                 if (generation == generation_)
                   then();
               });
}

void nemesis::next() {
  later(pause_between_ / 4, pause_between_ * 2, [this] {
    bring(random_.pick(faults_));
    next();
  });
}

void nemesis::bring(fault what) {
  switch (what) {
  case fault::crash: return crash(any());
  case fault::crash_many: return crash_many();
  case fault::pause: return pause(any());
  case fault::partition: return partition();
  case fault::bad_network: return bad_network();
  case fault::slow_network: return slow_network();
  case fault::unheard_successor: return unheard_successor(leader_or_any());
  case fault::forgotten_promises: return forgotten_promises(leader_or_any());
  case fault::slow_disk: return trouble_disk(any(), {5 * millisecond, 100 * millisecond, 20, 0});
  case fault::bad_disk: return trouble_disk(any(), {100 * microsecond, 1 * millisecond, 0, 20});
  case fault::clock:
    return any().set_clock_per_mille(
        random_.between(1000 - clock_drift_per_mille_, 1000 + clock_drift_per_mille_));
  case fault::full_disk: return fill_disk(any());
  case fault::lost_state: return lose_state(any());
  case fault::lost_wal: return lose_wal(any());
  case fault::old_answers: return old_answers(leader_or_any());
  }
}

server& nemesis::leader_or_any() {
  for (auto* each : servers_)
    if (each->is_running() && each->protocol().status().role == raft::role_name::leader
        && random_.happens(700))
      return *each;
  return any();
}

void nemesis::crash(server& one) {
  if (!one.is_running())
    return;
  one.crash();
  ++counters_.crashes;
  later(10 * millisecond, random_.happens(200) ? 10 * second : 2 * second, [&one] {
    if (!one.is_running())
      one.start();
  });
}

void nemesis::lose_state(server& one) {
  if (!one.is_running() || !judge_.is_redundancy_whole())
    return;
  crash(one);
  one.lose_state();
}

void nemesis::lose_wal(server& one) {
  if (!one.is_running() || !judge_.is_redundancy_whole())
    return;
  crash(one);
  one.lose_wal();
}

void nemesis::fill_disk(server& one) {
  if (!one.is_running())
    return;
  one.set_disk_full(true);
  later(200 * millisecond, 5 * second, [&one] { one.set_disk_full(false); });
}

void nemesis::crash_many() {
  auto count = random_.between(2, servers_.size());
  auto order = servers_;
  random_.shuffle(order);
  for (std::size_t i = 0; i < count; ++i)
    crash(*order[i]);
}

void nemesis::pause(server& one) {
  if (!one.is_running() || one.is_paused())
    return;
  one.pause();
  ++counters_.pauses;
  later(50 * millisecond, 6 * second, [&one] {
    if (one.is_running() && one.is_paused())
      one.resume();
  });
}

// A leader hands over, and does not hear that its successor leads.
void nemesis::unheard_successor(server& leader) {
  ++counters_.partitions;
  auto& successor = any();
  if (!leader.is_running() || &leader == &successor)
    return;
  leader.transfer_leadership(successor.id());
  later(0, 5 * millisecond, [this, to = leader.id()] {
    for (const auto* other : servers_)
      if (other->id() != to)
        links_.cut(other->id(), to, true);
  });
  later(300 * millisecond, 3 * second, [this] { links_.heal_all(); });
}

// Some have not heard a leader for long when it is lost to all, and the others, who just heard
// it, start again.
void nemesis::forgotten_promises(server& leader) {
  ++counters_.partitions;
  auto order = servers_;
  random_.shuffle(order);
  order.resize(random_.between(1, order.size() / 2));
  for (auto* deaf : order)
    links_.cut(leader.id(), deaf->id(), true);
  later(second, 3 * second, [this, &leader, deaf = std::move(order)] {
    for (auto* other : servers_) {
      links_.cut(leader.id(), other->id(), true);
      links_.cut(other->id(), leader.id(), true);
      if (other != &leader && std::find(deaf.begin(), deaf.end(), other) == deaf.end())
        restart_soon(*other);
    }
    later(500 * millisecond, 4 * second, [this] { links_.heal_all(); });
  });
}

void nemesis::restart_soon(server& one) {
  if (!one.is_running())
    return;
  one.crash();
  ++counters_.crashes;
  later(millisecond, 100 * millisecond, [&one] {
    if (!one.is_running())
      one.start();
  });
}

void nemesis::trouble_disk(server& one, const disk_quality& quality) {
  one.set_disk_quality(quality);
  later(200 * millisecond, 4 * second, [&one] { one.set_disk_quality({}); });
}

void nemesis::repair(server& one) {
  one.set_disk_quality({});
  one.set_disk_full(false);
  if (!one.is_running())
    one.start();
  if (one.is_paused())
    one.resume();
}

void nemesis::spare(const std::vector<server*>& core) {
  links_.heal_all();
  links_.set_quality({});
  auto is_core = [&core](server_id id) {
    return std::any_of(core.begin(), core.end(), [id](server* one) { return one->id() == id; });
  };
  auto ids = shuffled_ids();
  auto cut_per_mille = random_.below(1001);
  links_.shape(ids, [&](server_id from, server_id to) {
    return (is_core(from) && is_core(to)) || !random_.happens(cut_per_mille);
  });
  for (auto* each : core)
    repair(*each);
}

void nemesis::repair_all() {
  links_.set_quality({});
  links_.heal_all();
  for (auto* each : servers_)
    repair(*each);
}

} // namespace sim
