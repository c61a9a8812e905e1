// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

namespace debug_storage {

/// What `aspen-debug-storage` ends with. Scripts rely on the numbers (docs/aspen-debug-storage.md): none
/// changes its meaning.
enum class exit_status : int {
  done = 0,    ///< shown; `check`: the node may start; `diff`, `replay`: no difference
  failed = 1,  ///< could not be read, for the reason given
  usage = 2,   ///< the command line makes no sense; nothing was looked at
  in_use = 3,  ///< a process has the store open; nothing was read, or what was read is void
  differs = 4, ///< `diff`, `replay`: there are differences
  rebuild = 5, ///< `check`: the node rebuilds its state machine from the log
  retry = 6,   ///< `check`: could not be judged now (locks, space, descriptors)
  refuse = 78, ///< `check`: the node refuses to start, as it says itself (EX_CONFIG)
};

/// How a command ended, or why it could not do what it was asked for.
using outcome = base::result<exit_status>;

/// `invalid` is the command line's fault; `locked` is a process that has the file open.
constexpr exit_status status_of(base::errc code) {
  if (code == base::errc::invalid)
    return exit_status::usage;
  return code == base::errc::locked ? exit_status::in_use : exit_status::failed;
}

} // namespace debug_storage
