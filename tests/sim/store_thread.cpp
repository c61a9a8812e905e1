// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/store_thread.hpp"

#include <utility>

namespace sim {

store_thread::store_thread(scheduler& clock, dice random, process_timer in_process,
                           std::function<void()> on_failure)
  : clock_(clock), random_(random), in_process_(std::move(in_process)),
    on_failure_(std::move(on_failure)) {}

sim_time store_thread::draw_latency() {
  if (random_.happens(quality_.hiccup_per_mille))
    return random_.between(quality_.latency_max, 3 * second);
  return random_.between(quality_.latency_min, quality_.latency_max);
}

void store_thread::enqueue(operation next) {
  queue_.push_back(std::move(next));
  begin_next();
}

void store_thread::release() {
  is_held_ = false;
  begin_next();
}

void store_thread::begin_next() {
  if (is_busy_ || is_held_ || queue_.empty())
    return;
  is_busy_ = true;
  has_effect_ = false;
  auto until_durable = draw_latency();
  auto until_told = random_.between(0, 50 * microsecond);
  if (queue_.front().is_told_early)
    in_process_(until_told, std::exchange(queue_.front().done, [] {}));
  clock_.after(until_durable, [this, until_told, generation = generation_] {
    if (generation != generation_)
      return;
    bool fails = random_.happens(quality_.failure_per_mille);
    if (fails && !queue_.front().ignores_failure) {
      on_failure_(); // ends the process, which decides about the effect
      return;
    }
    if (fails)
      has_effect_ = true; // so it says
    else
      take_effect();
    in_process_(until_told, [this] { finish(); });
  });
}

void store_thread::take_effect() {
  has_effect_ = true;
  queue_.front().effect();
}

void store_thread::finish() {
  auto finished = std::move(queue_.front());
  queue_.pop_front();
  is_busy_ = false;
  finished.done();
  begin_next();
}

void store_thread::crash() {
  ++generation_;
  if (is_busy_ && !has_effect_ && random_.happens(500))
    take_effect();
  queue_.clear();
  is_busy_ = false;
  is_held_ = false;
}

} // namespace sim
