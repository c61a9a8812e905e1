// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor_system.hpp>

#include "actors/actor_registry.hpp"
#include "actors/node_status.hpp"
#include "base/result.hpp"
#include "supervisor/child_spec.hpp"
#include "supervisor/gate.hpp"
#include "supervisor/messages.hpp"
#include "supervisor/restart_policy.hpp"

/// The supervisor starts the node's children in list order, watches them, and decides
/// what follows the end of each. It knows their specs and nothing of what they do.
///
///     supervisor::supervisor_settings settings;
///     settings.children = {log_writer, storage_writer, reader_pool, raft, scheduler};
///     settings.gates["stores"] = std::make_shared<supervisor::process_gate>(gate_settings);
///     settings.registry = context.registry;
///     settings.board = context.board;
///     settings.stores_open = [] { return first_of(storage::open_stores()); };
///     settings.on_hung = [](auto& child, auto& why) { end_at_once(child, why); };
///     auto handle = supervisor::start_supervisor(system, std::move(settings));
///     …
///     caf::anon_send(*handle, supervisor::stop_all{});  // on_stopped is called once
namespace supervisor {

/// How an orderly stop went.
struct stop_outcome {
  /// Children that never ended: their threads still run, so the process must end with
  /// `_exit` and not by destroying the actor system, which would wait for them.
  std::vector<std::string> hanging;
};

struct supervisor_settings {
  /// In start order.
  std::vector<child_spec> children;
  /// By group. A group that owns a store has one (INV-101).
  std::map<std::string, std::shared_ptr<gate>> gates;
  restart_limits limits;
  /// How long after the last child of a group ended its stores may still be open.
  std::chrono::milliseconds close_budget{std::chrono::seconds(10)};
  /// How often deadlines are looked at and the status is published.
  std::chrono::milliseconds tick_every{100};
  /// Events kept in the status; the oldest go first.
  std::size_t events_max = 100;

  std::shared_ptr<actors::actor_registry> registry;
  std::shared_ptr<actors::status_board> board;

  /// Names what the process still holds open of the stores; nothing when all is closed.
  std::function<std::optional<std::string>()> stores_open;

  // Called on the supervisor's thread; must not block. Each may be empty but `on_hung`.

  /// Each report of a gate, before anything starts on its strength.
  std::function<void(const storage::check_report&)> on_checked;
  /// Each event of the status, as it happens: "ended", "circuit opened". Returns the name of the
  /// recording that is kept of it; empty: none.
  std::function<std::string(const std::string& child, const std::string& what,
                            const std::string& detail)>
      on_event;
  /// A group was refused; it is down and its files are untouched.
  std::function<void(const std::string& unit, const storage::check_report&)> on_refused;
  /// A child that owns a store hangs, or a store stayed open behind its owner, or the
  /// supervisor itself failed. The status is published, what could still vote is killed;
  /// the process has to end itself with `_exit`: nothing is started in its place (INV-104).
  std::function<void(const std::string& child, const std::string& why)> on_hung;
  /// After `stop_all`, when nothing runs any more. The last call of all.
  std::function<void(const stop_outcome&)> on_stopped;
};

/// Starts the supervisor, and it the children. Errors: `invalid`, naming what is wrong
/// with the children, the gates or the limits; then nothing was started.
base::result<supervisor_handle> start_supervisor(caf::actor_system& system,
                                                 supervisor_settings settings);

} // namespace supervisor
