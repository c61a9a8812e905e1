// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <caf/actor.hpp>

#include "actors/node_status.hpp"
#include "supervisor/child_spec.hpp"
#include "supervisor/gate.hpp"

namespace supervisor {

enum class exit_manner {
  orderly, ///< behind what is in the mailbox
  kill,    ///< before it; what is in the mailbox is lost
};

/// What a unit of supervision needs done: the supervisor actor does it, a test may
/// pretend to. Every call returns at once; what follows comes back as an event.
class unit_host {
public:
  virtual ~unit_host() = default;

  virtual actors::steady_time now() = 0;

  /// Starts and watches the child; its end comes as `unit::on_down`. Throws what the
  /// child's start function throws.
  virtual caf::actor start_child(const child_spec& spec, std::uint64_t generation) = 0;
  /// Comes back as `on_begun` or `on_begin_failed`.
  virtual void ask_to_begin(const caf::actor& child) = 0;
  virtual void end_child(const caf::actor& child, exit_manner how) = 0;
  /// Its end is not awaited any longer.
  virtual void abandon(const caf::actor& child, const std::string& id) = 0;

  /// Comes back as `on_checked` with `run`.
  virtual void start_check(const std::string& unit, gate& guard, check_scope scope,
                           std::uint64_t run) = 0;
  /// What is still open of the stores, for a person; nothing when all are closed.
  virtual std::optional<std::string> stores_open() = 0;

  virtual void record(const std::string& child, std::string what, std::string detail) = 0;
  virtual void on_report(const storage::check_report& report) = 0;
  virtual void on_refused(const std::string& unit, const storage::check_report& report) = 0;
  virtual void on_hung(const std::string& child, const std::string& why) = 0;
};

} // namespace supervisor
