// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace debug_storage {

/// Runs `work` in a child process and returns its result: reading a damaged file can end the process that
/// reads it (LMDB walks its map without a check), and the operator is to hear what happened. `on_crash` is
/// called here, with the signal's name, when a fault of its own ended the child. Requires: this process has
/// one thread and has printed nothing that is not flushed.
int run_isolated(const std::function<int()>& work,
                 const std::function<int(const std::string& signal)>& on_crash);

} // namespace debug_storage
