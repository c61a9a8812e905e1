// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "raft/messages.hpp"
#include "tests/sim/dice.hpp"
#include "tests/sim/scheduler.hpp"

namespace sim {

inline constexpr std::size_t servers_max = 9;

/// How well the links work, for all of them.
struct link_quality {
  std::uint64_t loss_per_mille = 0;
  std::uint64_t duplication_per_mille = 0;
  std::uint64_t reordering_per_mille = 0; ///< messages that others may overtake
  sim_time delay_min = 100 * microsecond;
  sim_time delay_max = 600 * microsecond;
  std::uint64_t straggler_per_mille = 0; ///< messages that take up to 2 s
};

/// The links between servers, each direction by itself. A message on a link that is cut is
/// lost, when it is sent and when it would arrive.
class network {
public:
  /// `from_life` counts the lives of the sender: how often it was renewed.
  using receiver = std::function<void(raft::server_id from, std::uint64_t from_life,
                                      raft::server_id to, const raft::message& body)>;

  network(scheduler& clock, dice random, receiver deliver)
    : clock_(clock), random_(random), deliver_(std::move(deliver)) {}

  void send(raft::server_id from, raft::server_id to, raft::message body);

  /// A server begins a new life under its number: no connection to the old one survives.
  void renew(raft::server_id id) { ++lives_[id.value]; }
  void set_quality(const link_quality& quality) { quality_ = quality; }
  void cut(raft::server_id from, raft::server_id to, bool is_cut) {
    cut_[from.value][to.value] = is_cut;
  }
  bool is_cut(raft::server_id from, raft::server_id to) const { return cut_[from.value][to.value]; }
  /// Messages take that much longer, on top of everything.
  void slow_down(raft::server_id from, raft::server_id to, sim_time extra) {
    extra_[from.value][to.value] = extra;
  }
  void heal_all() {
    cut_ = {};
    extra_ = {};
  }
  /// Everybody who is not connected by `is_linked(from, to)` is cut off from each other.
  template <class Predicate>
  void shape(const std::vector<raft::server_id>& servers, Predicate&& is_linked) {
    for (auto from : servers)
      for (auto to : servers)
        cut(from, to, from != to && !is_linked(from, to));
  }

  std::uint64_t delivered() const { return delivered_; }
  std::uint64_t lost() const { return lost_; }

private:
  void send_one(raft::server_id from, raft::server_id to, raft::message body);
  sim_time draw_delay();

  scheduler& clock_;
  dice random_;
  receiver deliver_;
  link_quality quality_;
  std::array<std::array<bool, servers_max + 1>, servers_max + 1> cut_{};
  std::array<std::array<sim_time, servers_max + 1>, servers_max + 1> extra_{};
  std::array<std::array<sim_time, servers_max + 1>, servers_max + 1> last_arrival_{};
  std::array<std::uint64_t, servers_max + 1> lives_{};
  std::uint64_t delivered_ = 0;
  std::uint64_t lost_ = 0;
};

} // namespace sim
