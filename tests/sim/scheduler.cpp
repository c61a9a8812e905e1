// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/scheduler.hpp"

#include <algorithm>
#include <utility>

namespace sim {

void scheduler::after(sim_time delay, action what) {
  heap_.push_back({now_ + delay, number_++, std::move(what)});
  std::push_heap(heap_.begin(), heap_.end(), is_later);
}

bool scheduler::step(sim_time end) {
  if (heap_.empty() || heap_.front().at > end) {
    now_ = std::max(now_, end);
    return false;
  }
  std::pop_heap(heap_.begin(), heap_.end(), is_later);
  auto next = std::move(heap_.back());
  heap_.pop_back();
  now_ = next.at;
  ++steps_;
  next.what();
  return true;
}

} // namespace sim
