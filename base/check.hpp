// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stdexcept>
#include <string>

namespace base {

/// A rule that must hold did not. Nobody catches this: the actor that broke the
/// rule ends, and the supervisor decides what happens next.
class invariant_violation : public std::logic_error {
public:
  using std::logic_error::logic_error;
};

/// Throws `invariant_violation` naming the expression, the place and `what`.
[[noreturn]] void fail_check(const char* expression, const char* file, int line,
                             const std::string& what);

} // namespace base

/// Checks `condition` in every build, release included. `what` is evaluated only
/// when the check fails and says, in one clause, which rule (INV-nn) is broken.
#define BASE_CHECK(condition, what)                                                                \
  do {                                                                                             \
    if (!(condition)) [[unlikely]]                                                                 \
      ::base::fail_check(#condition, __FILE__, __LINE__, (what));                                  \
  } while (false)
