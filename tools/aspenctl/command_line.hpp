// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/aspenctl/exit_status.hpp"

namespace aspenctl {

/// Reads the arguments and does what they ask for. `--help` and the like are printed and succeed; what
/// makes no sense is a failure of status `usage`.
outcome<void> run(int count, const char* const* arguments);

} // namespace aspenctl
