// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "actors/actor_context.hpp"
#include "actors/gateway.hpp"

namespace actors {

/// The gateway of a running node. `shut_down` is called from any thread, must not block.
/// Reads that ask for neither order nor index go to the reader pool at once: they are
/// answered though the protocol stands still.
std::unique_ptr<gateway> make_actor_gateway(const actor_context& context,
                                            std::function<void()> shut_down);

} // namespace actors
