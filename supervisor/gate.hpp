// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "storage/cross_check.hpp"

namespace supervisor {

/// How much is looked at (two stores, one truth: rule 25).
enum class check_scope {
  everything, ///< start of the process, and an operator's restart out of a refusal
  new_tail,   ///< a restart within the process: what was added since the last check
};

/// Stands before a group and says whether it may start. No flag goes around it.
class gate {
public:
  using on_checked = std::function<void(storage::check_report)>;

  virtual ~gate() = default;

  /// Begins one check and returns at once. `done` is called exactly once, from any thread.
  /// Requires: no check is under way, and nobody in this process has a store open (INV-101).
  virtual void start(check_scope scope, on_checked done) = 0;

  /// An operator's word: the next check first puts away what refusals have left behind.
  /// False: this gate leaves nothing behind. Returns at once.
  virtual bool forgive() { return false; }

  /// Ends the check under way, if there is one, soon; `done` is still called. Any thread.
  virtual void cancel() = 0;
};

} // namespace supervisor
