// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "actors/node_status.hpp"

namespace supervisor {

/// Writes why the gate said no, in the words operators grep for: the two positions, then
/// one line a violated rule, then what to do.
void log_refusal(const storage::check_report& report);

/// One line that the stores were checked, and how long it took.
void log_passed(const storage::check_report& report);

} // namespace supervisor
