// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "actors/actor_context.hpp"
#include "node/settings.hpp"
#include "supervisor/child_spec.hpp"

namespace node {

/// The group that owns the stores and starts behind the gate.
inline constexpr const char* store_group = "stores";

/// The supervision tree as one list, in start order: log writer, storage writer, reader
/// pool and raft actor as one group, then the checkpoint scheduler by itself.
/// `all` and `context` outlive the children.
std::vector<supervisor::child_spec> children_of(const settings& all,
                                                const actors::actor_context& context);

} // namespace node
