// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

namespace sim {

/// Microseconds since the simulation began.
using sim_time = std::uint64_t;

inline constexpr sim_time microsecond = 1;
inline constexpr sim_time millisecond = 1000;
inline constexpr sim_time second = 1000 * millisecond;

/// The simulated clock: what is to happen, in the order of its time; at equal times in the
/// order in which it was asked for.
class scheduler {
public:
  using action = std::function<void()>;

  sim_time now() const { return now_; }
  void after(sim_time delay, action what);
  /// Lets the next thing happen. False: there is none at or before `end`, and it is `end`.
  bool step(sim_time end);
  std::uint64_t steps() const { return steps_; }

private:
  struct event {
    sim_time at;
    std::uint64_t number;
    action what;
  };
  static bool is_later(const event& left, const event& right) {
    return left.at != right.at ? left.at > right.at : left.number > right.number;
  }

  std::vector<event> heap_;
  sim_time now_ = 0;
  std::uint64_t number_ = 0;
  std::uint64_t steps_ = 0;
};

} // namespace sim
