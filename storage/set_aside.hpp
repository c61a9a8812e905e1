// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "storage/cross_check.hpp"

namespace storage {

/// At most so many state machines stay set aside; somebody has to look at them then.
inline constexpr int states_aside_max = 100;

/// Renames the state machine to the first free of `NAME.aside-1`, `NAME.aside-2`, …, durably,
/// and its WAL with it, so that both can still be opened together. Nothing is removed but
/// SQLite's `-shm` and LMDB's lock file. A crash in between leaves a WAL without its database,
/// which is a missing state machine too. Nothing happens when there is no state machine.
/// Requires: nobody has it open; the cross-check said `state_must_be_set_aside`.
/// Errors: `limit` when no name is free; `io`; `resource`.
base::status set_state_aside(const store_paths& paths);

} // namespace storage
