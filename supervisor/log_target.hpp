// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace supervisor {

/// The target of the supervisor's log lines.
inline constexpr auto log_target = "aspen::supervisor";

} // namespace supervisor
