// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "tests/sim/server.hpp"

namespace sim {

/// The people who change who takes part: they let servers in, promote, remove, hand
/// leadership over, and replace a server whose disk is gone. They ask whoever says that it
/// leads, and do not mind a refusal.
class operators {
public:
  operators(scheduler& clock, oracle& judge, report& counters, dice random,
            std::vector<server*> servers);

  void begin();
  void end() { is_ended_ = true; }

private:
  void next();
  void act();
  void wipe_one();
  void let_somebody_in(server& leader);
  server* find_leader();
  server& any() { return *random_.pick(servers_); }

  scheduler& clock_;
  oracle& judge_;
  report& counters_;
  dice random_;
  std::vector<server*> servers_;
  sim_time pause_between_ = second;
  bool wipes_ = false;
  bool is_ended_ = false;
};

} // namespace sim
