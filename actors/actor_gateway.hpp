// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "actors/actor_context.hpp"
#include "actors/gateway.hpp"

namespace actors {

/// What lies above the actors and is asked through the gateway too. Called from any thread;
/// must not block. What cannot be handed on is let go: it answers itself.
struct gateway_ways {
  std::function<void()> shut_down;
  std::function<void(actors::restart_child)> restart_child;
};

/// The gateway of a running node.
/// Reads that ask for neither order nor index go to the reader pool at once: they are
/// answered though the protocol stands still.
std::unique_ptr<gateway> make_actor_gateway(const actor_context& context, gateway_ways ways);

} // namespace actors
