// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tests/sim/server.hpp"

namespace sim {

/// Brings the faults: which ones, and how many, follows from the seed, so that some
/// simulations see much of one kind (swarm testing, Groce 2012).
class nemesis {
public:
  /// `clock_drift_per_mille`: how wrong a clock may be, either way.
  nemesis(scheduler& clock, network& links, const oracle& judge, report& counters, dice random,
          std::vector<server*> servers, std::uint64_t clock_drift_per_mille);

  void begin();
  /// Nothing further happens, and nothing is repaired either.
  void end() { ++generation_; }

  /// Leaves `core` in good order, and everybody else in any trouble they may be in, but
  /// for the links between the others and the core, which are cut at random.
  void spare(const std::vector<server*>& core);
  /// Everything works.
  void repair_all();

private:
  enum class fault {
    crash,
    crash_many,
    pause,
    partition,
    bad_network,
    slow_disk,
    bad_disk,
    clock,
    slow_network,
    old_answers,
    unheard_successor,
    forgotten_promises,
    full_disk,
    lost_state,
    lost_wal
  };

  void next();
  void bring(fault what);
  void crash(server& one);
  void crash_many();
  void lose_state(server& one);
  void lose_wal(server& one);
  void fill_disk(server& one);
  void pause(server& one);
  void partition();
  void shape_halves();
  void shape_line(bool is_ring);
  void shape_bridge();
  void bad_network();
  void slow_network();
  void old_answers(server& one);
  void unheard_successor(server& leader);
  void forgotten_promises(server& leader);
  void restart_soon(server& one);
  void slow_down_further(server& one, sim_time delay, sim_time delay_max);
  void trouble_disk(server& one, const disk_quality& quality);
  void later(sim_time low, sim_time high, std::function<void()> what);
  void repair(server& one);
  server& any() { return *random_.pick(servers_); }
  server& leader_or_any();
  std::vector<raft::server_id> shuffled_ids();

  scheduler& clock_;
  network& links_;
  const oracle& judge_;
  report& counters_;
  dice random_;
  std::vector<server*> servers_;
  std::uint64_t clock_drift_per_mille_;
  std::vector<fault> faults_;
  sim_time pause_between_ = second;
  std::uint64_t generation_ = 0;
};

} // namespace sim
