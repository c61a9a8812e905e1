// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/network.hpp"

#include <algorithm>

namespace sim {

sim_time network::draw_delay() {
  if (random_.happens(quality_.straggler_per_mille))
    return random_.between(quality_.delay_max, 2 * second);
  return random_.between(quality_.delay_min, quality_.delay_max);
}

void network::send(raft::server_id from, raft::server_id to, raft::message body) {
  if (is_cut(from, to) || random_.happens(quality_.loss_per_mille)) {
    ++lost_;
    return;
  }
  if (random_.happens(quality_.duplication_per_mille))
    send_one(from, to, body);
  send_one(from, to, std::move(body));
}

void network::send_one(raft::server_id from, raft::server_id to, raft::message body) {
  auto delay = draw_delay() + extra_[from.value][to.value];
  if (!random_.happens(quality_.reordering_per_mille)) {
    // Behind everything that was sent before it.
    auto& last = last_arrival_[from.value][to.value];
    last = std::max(last, clock_.now() + delay);
    delay = last - clock_.now();
  }
  auto life = lives_[from.value];
  auto their_life = lives_[to.value];
  clock_.after(delay, [this, from, to, life, their_life, what = std::move(body)] {
    if (is_cut(from, to) || lives_[to.value] != their_life) {
      ++lost_;
      return;
    }
    ++delivered_;
    deliver_(from, life, to, what);
  });
}

} // namespace sim
