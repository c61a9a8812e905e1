// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "tools/aspen-debug-storage/exit_status.hpp"

namespace debug_storage {

/// What the arguments ask for, not done yet.
struct request {
  std::function<outcome()> work;
  /// What is to be said when the files end the process that reads them; empty: only that they do.
  std::function<outcome(const std::string& signal)> on_crash;
};

/// Reads the arguments. `--help` is printed, and nothing is left to do. Errors: `invalid`, for a person.
base::result<request> read_arguments(int count, const char* const* arguments);

} // namespace debug_storage
