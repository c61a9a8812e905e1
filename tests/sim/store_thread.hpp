// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>

#include "tests/sim/dice.hpp"
#include "tests/sim/scheduler.hpp"

namespace sim {

/// How a disk works.
struct disk_quality {
  sim_time latency_min = 100 * microsecond;
  sim_time latency_max = 1 * millisecond;
  std::uint64_t hiccup_per_mille = 0;  ///< operations that take up to 3 s
  std::uint64_t failure_per_mille = 0; ///< operations that fail: the server's process ends
};

/// The one thread of a store: operations one after the other, each with a moment at which
/// it is durable and a later one at which that is told. A crash keeps what is durable; the
/// operation under way becomes durable or does not, as a transaction does.
class store_thread {
public:
  struct operation {
    std::function<void()> effect; ///< on the disk; must not touch the process
    std::function<void()> done;   ///< told to the process
    bool is_told_early = false;   ///< a planted bug: before its effect
    bool ignores_failure = false; ///< a planted bug: told as done when it failed
  };
  /// Runs an action of the process after a delay, unless that process has ended.
  using process_timer = std::function<void(sim_time, std::function<void()>)>;

  store_thread(scheduler& clock, dice random, process_timer in_process,
               std::function<void()> on_failure);

  void set_quality(const disk_quality& quality) { quality_ = quality; }
  void enqueue(operation next);
  /// Nothing further begins until `release`; what is under way ends.
  void hold() { is_held_ = true; }
  void release();
  /// The process is gone, with everything that had not begun.
  void crash();

private:
  void begin_next();
  void take_effect();
  void finish();
  sim_time draw_latency();

  scheduler& clock_;
  dice random_;
  process_timer in_process_;
  std::function<void()> on_failure_;
  disk_quality quality_;
  std::deque<operation> queue_; ///< the first is under way while `is_busy_`
  bool is_busy_ = false;
  bool is_held_ = false;
  bool has_effect_ = false;
  std::uint64_t generation_ = 0;
};

} // namespace sim
