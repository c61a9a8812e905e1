// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "actors/actor_context.hpp"
#include "storage/state_machine.hpp"

namespace actors {

/// Starts reader number `which` of `pool` on its own read-only connection. Answers each
/// read of a batch itself and then tells the pool that it is idle. A failing connection
/// ends it, and with it the pool. `connection` is closed before anybody hears of its end.
reader_handle start_reader(caf::actor_system& system, const actor_context& context,
                           reader_pool_handle pool, std::size_t which,
                           std::shared_ptr<storage::state_reader> connection);

} // namespace actors
