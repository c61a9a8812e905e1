// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "tests/sim/nemesis.hpp"

/// The faults of the links: partitions of every shape, and messages that are late.
namespace sim {

using raft::server_id;

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

// Answers are as late as the next election, or the one after.
void nemesis::slow_network() {
  link_quality quality;
  quality.duplication_per_mille = random_.below(100);
  quality.reordering_per_mille = random_.below(500);
  quality.delay_max = random_.between(300 * millisecond, 3 * second);
  links_.set_quality(quality);
  later(2 * second, 10 * second, [this] { links_.set_quality({}); });
}

// What others say to one server takes longer and longer, until it takes seconds; then that server
// is heard by nobody, and still gets the answers from before.
void nemesis::old_answers(server& one) {
  ++counters_.partitions;
  slow_down_further(one, 0, random_.between(second, 6 * second));
}

// Slowly, so that a leader misses no answers meanwhile.
void nemesis::slow_down_further(server& one, sim_time delay, sim_time delay_max) {
  bool is_done = delay >= delay_max;
  for (const auto* other : servers_)
    if (other != &one) {
      links_.slow_down(other->id(), one.id(), delay);
      links_.cut(one.id(), other->id(), is_done);
    }
  if (is_done)
    later(delay_max / 2, delay_max + 2 * second, [this] { links_.heal_all(); });
  else
    later(100 * millisecond, 150 * millisecond, [this, &one, delay, delay_max] {
      slow_down_further(one, delay + 150 * millisecond, delay_max);
    });
}

} // namespace sim
