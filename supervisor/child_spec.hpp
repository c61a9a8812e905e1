// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/actor.hpp>
#include <caf/fwd.hpp>

#include "base/result.hpp"

namespace supervisor {

/// Which ends of a child are followed by a new life (the words of OTP's `supervisor`).
enum class restart_kind {
  permanent, ///< every end
  transient, ///< a crash, but not a normal end
  temporary, ///< none
};
std::string_view to_string(restart_kind value);

/// All the supervisor knows of a child.
struct child_spec {
  /// Unique, as in logs and in `GET /admin/supervisor`.
  std::string id;
  /// Children of one group live and end together. Empty: the child stands alone.
  std::string group;

  /// Spawns the child and puts its handle into the directory. Must not block: the child
  /// opens what it owns when it is asked to `begin`. May throw std::exception, which
  /// counts as a failed start. `generation` numbers the lives from 1.
  std::function<caf::actor(caf::actor_system&, std::uint64_t generation)> start;
  /// Takes the handle out of the directory. Called once a life, before the child is told
  /// to end, or when it ended by itself.
  std::function<void()> forget;

  restart_kind restart = restart_kind::permanent;
  /// From `begin` to `begun`.
  std::chrono::milliseconds start_budget{std::chrono::minutes(2)};
  /// From the exit message to the end; once more after the kill that follows, except for an
  /// owner of a store in a restart, which has `hang_bound`.
  std::chrono::milliseconds shutdown_budget{std::chrono::seconds(10)};

  /// It holds a store open. When it hangs, the process must end: a second owner beside
  /// it would destroy the store (INV-104).
  bool owns_store = false;
  /// An owner of a store hangs when it has been in one operation for so long without
  /// progress.
  std::chrono::milliseconds hang_bound{std::chrono::minutes(2)};
  /// For how long the child has been handling its present message; zero when it is not.
  /// Empty: a running child is not watched for hangs. One that owns no store is only reported
  /// when it is slow. Any thread.
  std::function<std::chrono::milliseconds()> busy_for;
  /// Changes while the child gets anywhere, also in the middle of an operation. All of the
  /// times above run anew each time it changes: a long checkpoint is no hang. May be empty.
  /// Any thread.
  std::function<std::uint64_t()> progress;
};

/// Checks a list before anything starts: ids unique, not empty and no group's name, functions present,
/// budgets above zero, members of a group side by side, and whoever owns a store in a
/// group (only groups have a gate). Errors: `invalid`, naming the child.
base::status validate(const std::vector<child_spec>& children);

/// The list cut into what lives and ends together, in its order: each group, and each
/// child that stands alone. Requires: `validate` found nothing.
std::vector<std::vector<child_spec>> split_into_units(const std::vector<child_spec>& children);

} // namespace supervisor
