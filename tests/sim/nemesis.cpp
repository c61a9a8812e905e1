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
                    fault::old_answers, fault::full_disk, fault::lost_state})
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
  case fault::slow_disk: return trouble_disk(any(), {5 * millisecond, 100 * millisecond, 20, 0});
  case fault::bad_disk: return trouble_disk(any(), {100 * microsecond, 1 * millisecond, 0, 20});
  case fault::clock:
    return any().set_clock_per_mille(
        random_.between(1000 - clock_drift_per_mille_, 1000 + clock_drift_per_mille_));
  case fault::full_disk: return fill_disk(any());
  case fault::lost_state: return lose_state(any());
  case fault::old_answers: return old_answers(any());
  }
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

std::vector<server_id> nemesis::shuffled_ids() {
  std::vector<server_id> ids;
  for (const auto* each : servers_)
    ids.push_back(each->id());
  random_.shuffle(ids);
  return ids;
}

void nemesis::partition() {
  ++counters_.partitions;
  auto ids = shuffled_ids();
  auto one = ids.front();
  switch (random_.below(8)) {
  case 0:
    links_.shape(ids, [one](server_id from, server_id to) { return from != one && to != one; });
    break;
  case 1: links_.shape(ids, [one](server_id from, server_id) { return from != one; }); break;
  case 2: links_.shape(ids, [one](server_id, server_id to) { return to != one; }); break;
  case 3: shape_halves(); break;
  case 4: shape_bridge(); break;
  case 5: shape_line(false); break;
  case 6: shape_line(true); break;
  default: links_.shape(ids, [this](server_id, server_id) { return !random_.happens(300); });
  }
  later(300 * millisecond, 6 * second, [this] { links_.heal_all(); });
}

void nemesis::shape_halves() {
  auto ids = shuffled_ids();
  auto border = ids.begin() + static_cast<std::ptrdiff_t>(random_.between(1, ids.size() - 1));
  auto is_left = [&](server_id id) { return std::find(ids.begin(), border, id) != border; };
  links_.shape(ids, [&](server_id from, server_id to) { return is_left(from) == is_left(to); });
}

// Two halves that see each other through one server alone.
void nemesis::shape_bridge() {
  auto ids = shuffled_ids();
  auto place = [&](server_id id) { return std::find(ids.begin(), ids.end(), id) - ids.begin(); };
  auto half = static_cast<std::ptrdiff_t>(ids.size() / 2);
  links_.shape(ids, [&](server_id from, server_id to) {
    auto a = place(from), b = place(to);
    return a == half || b == half || (a < half) == (b < half);
  });
}

void nemesis::shape_line(bool is_ring) {
  auto ids = shuffled_ids();
  auto size = static_cast<std::ptrdiff_t>(ids.size());
  auto place = [&](server_id id) { return std::find(ids.begin(), ids.end(), id) - ids.begin(); };
  links_.shape(ids, [&](server_id from, server_id to) {
    auto apart = std::abs(place(from) - place(to));
    return apart == 1 || (is_ring && apart == size - 1);
  });
}

void nemesis::bad_network() {
  link_quality quality;
  quality.loss_per_mille = random_.below(300);
  quality.duplication_per_mille = random_.below(200);
  quality.reordering_per_mille = random_.below(500);
  quality.delay_max = random_.between(millisecond, 300 * millisecond);
  quality.straggler_per_mille = random_.below(30);
  links_.set_quality(quality);
  later(300 * millisecond, 8 * second, [this] { links_.set_quality({}); });
}

// What others say to one server takes seconds; a while later it is heard by nobody, and still
// gets the answers from before.
void nemesis::old_answers(server& one) {
  ++counters_.partitions;
  auto delay = random_.between(second, 4 * second);
  for (const auto* other : servers_)
    if (other != &one)
      links_.slow_down(other->id(), one.id(), delay);
  later(200 * millisecond, 2 * second, [this, &one] {
    for (const auto* other : servers_)
      if (other != &one)
        links_.cut(one.id(), other->id(), true);
  });
  later(2 * second, 8 * second, [this] { links_.heal_all(); });
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
