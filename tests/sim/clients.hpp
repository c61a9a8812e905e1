// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "tests/sim/server.hpp"
#include "tests/support/linearizability.hpp"

namespace sim {

/// How clients behave.
struct client_habits {
  std::size_t clients = 5;
  std::size_t keys = 4;
  sim_time think_max = 200 * millisecond;
  std::uint64_t reads_per_mille = 400;
  std::uint64_t conditional_per_mille = 200; ///< of the writes
  sim_time shift = 0; ///< all work for so long, then all rest for as long; zero: no rest
};

/// The clients of a cluster: each asks one thing at a time, of any server, and writes down
/// what it saw.
class clients {
public:
  clients(scheduler& clock, oracle& judge, report& counters, client_habits habits, dice random,
          std::vector<server*> servers);

  void start();
  /// What is under way ends; nothing new begins.
  void stop() { is_stopped_ = true; }
  /// From now on whom they ask first; hints may still lead elsewhere.
  void prefer(std::vector<server*> servers) { preferred_ = std::move(servers); }
  /// A server answers.
  void answer(std::uint64_t operation, const client_answer& what);

  std::vector<linearizability::operation> history() const;

  /// Counts of what was asked after `mark` was called, and done.
  void mark() { mark_ = operations_.size(); }
  std::uint64_t writes_since_mark() const { return writes_since_mark_; }
  std::uint64_t reads_since_mark() const { return reads_since_mark_; }

private:
  enum class stage { open, ok, mismatch, not_done, unknown };
  struct operation {
    std::uint64_t client;
    client_request asked;
    sim_time invoked;
    sim_time returned = 0;
    stage state = stage::open;
    std::uint64_t found = 0;
  };
  struct client {
    server* target = nullptr;
    std::uint64_t current = 0;                   ///< the operation under way; zero: none
    std::map<std::uint32_t, std::uint64_t> seen; ///< by key: the newest value it knows
  };

  void think(std::uint64_t who);
  void begin(std::uint64_t who);
  client_request make_request(client& who);
  void give_up(std::uint64_t number);
  void conclude(std::uint64_t number, const client_answer& what);
  void finish(operation& one, stage how);
  server* choose(client& who);
  operation& at(std::uint64_t number) { return operations_[number - 1]; }

  scheduler& clock_;
  oracle& judge_;
  report& counters_;
  client_habits habits_;
  dice random_;
  std::vector<server*> servers_;
  std::vector<server*> preferred_;
  std::vector<client> clients_;
  std::vector<operation> operations_; ///< number n at n - 1
  std::uint64_t last_value_ = 0;
  bool is_stopped_ = false;
  std::size_t mark_ = SIZE_MAX;
  std::uint64_t writes_since_mark_ = 0;
  std::uint64_t reads_since_mark_ = 0;
};

} // namespace sim
