// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "actors/actor_context.hpp"

namespace actors {

struct inspector_settings {
  std::string copy_path; ///< of a copy of the log while it is made; empty: this backend has none
  /// Of a live check, for the walk over the log.
  std::chrono::milliseconds check_budget{20000};
};

/// Starts the actor that answers operators' questions about both stores while they are in use. It owns
/// neither: it asks their owners, a small piece at a time, so that they are never held up. Blocks on the
/// files it makes: detached. Requires log writer and storage writer in the directory.
inspector_handle start_inspector(caf::actor_system& system, const actor_context& context,
                                 generation life, inspector_settings settings);

} // namespace actors
