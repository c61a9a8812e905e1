// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "tools/aspen-backup/exit_status.hpp"

namespace aspen_backup {

/// What the arguments ask for. Errors: `usage`. Help and version are printed here, and asked for nothing more.
outcome<std::function<outcome<exit_status>()>> read_arguments(int count,
                                                              const char* const* arguments);

} // namespace aspen_backup
