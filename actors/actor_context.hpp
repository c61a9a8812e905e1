// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <caf/actor_system.hpp>
#include <caf/spawn_options.hpp>

#include "actors/actor_registry.hpp"
#include "actors/directory.hpp"
#include "actors/metrics.hpp"
#include "actors/node_status.hpp"
#include "actors/protocol.hpp"

namespace actors {

/// What every actor of one node is given. Outlives the actors.
struct actor_context {
  std::shared_ptr<actor_registry> registry;
  std::shared_ptr<status_board> board;
  std::shared_ptr<node_metrics> metrics;
  std::shared_ptr<directory> where;
  /// Whether actors that wait for a disk get a thread of their own: yes in a node, no
  /// on the deterministic scheduler of a test.
  bool detach_blocking = true;
};

/// A store failed in a way that must not be retried in place (two stores, one truth;
/// hazards of failed syncs): the actor ends, and the outcome is unknown until re-read.
class storage_failure : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// "reader_pool" for "reader_pool/3"; what has no such part stands below the supervisor.
inline std::string parent_of(const std::string& name) {
  auto slash = name.find('/');
  return slash == std::string::npos ? "supervisor" : name.substr(0, slash);
}

/// Spawns `Actor`, detached where it blocks and the context says so.
template <class Actor, class... Arguments>
auto spawn_blocking(caf::actor_system& system, const actor_context& context, const char* name,
                    std::uint64_t mailbox_limit, Arguments&&... arguments) {
  auto stats = context.registry->add(name, context.detach_blocking ? "detached" : "scheduled",
                                     parent_of(name), mailbox_limit);
  if (context.detach_blocking)
    return system.spawn<Actor, caf::detached>(context, std::move(stats),
                                              std::forward<Arguments>(arguments)...);
  return system.spawn<Actor>(context, std::move(stats), std::forward<Arguments>(arguments)...);
}

/// Spawns `Actor` on the cooperative scheduler: it never blocks.
template <class Actor, class... Arguments>
auto spawn_scheduled(caf::actor_system& system, const actor_context& context, const char* name,
                     std::uint64_t mailbox_limit, Arguments&&... arguments) {
  auto stats = context.registry->add(name, "scheduled", parent_of(name), mailbox_limit);
  return system.spawn<Actor>(context, std::move(stats), std::forward<Arguments>(arguments)...);
}

} // namespace actors
