// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "tests/sim/clients.hpp"
#include "tests/sim/nemesis.hpp"
#include "tests/sim/operators.hpp"
#include "tests/sim/server.hpp"

namespace sim {

/// A whole cluster with its network, disks, clients and faults; one life from one seed.
class cluster {
public:
  explicit cluster(const settings& what);

  /// Lives through the storm, then shows that it recovers: first that a majority in good
  /// order serves, whatever troubles the others; then that everybody agrees when all is
  /// repaired; then that what clients saw is linearizable. Once.
  report run();
  /// What clients saw; for a person who looks for a cause.
  std::vector<linearizability::operation> history() const { return clients_->history(); }

private:
  void live();
  void describe(std::ostream& out) const;
  void storm();
  void make_servers(std::size_t founders, std::size_t others);
  void serve_with_a_majority();
  std::vector<server*> choose_core();
  /// Whether `some` are a majority of every configuration that may be in force.
  bool is_majority(const std::vector<server*>& some) const;
  bool is_member(const server& one) const;
  void converge();
  void judge_history() const;
  bool is_converged() const;
  /// Lets time pass until `is_done` holds; false when `bound` passed before.
  template <class Predicate>
  bool until(sim_time bound, Predicate&& is_done);
  std::vector<server*> everybody() const;

  settings what_;
  report report_;
  dice random_;
  scheduler clock_;
  oracle judge_;
  std::unique_ptr<network> links_;
  std::unique_ptr<surroundings> around_;
  std::vector<std::unique_ptr<server>> servers_;
  std::unique_ptr<clients> clients_;
  std::unique_ptr<nemesis> nemesis_;
  std::unique_ptr<operators> operators_;
};

/// `cluster(what).run()`.
report simulate(const settings& what);

} // namespace sim
