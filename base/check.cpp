// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"

namespace base {

void fail_check(const char* expression, const char* file, int line, const std::string& what) {
  throw invariant_violation(what + " [" + expression + " at " + file + ":" + std::to_string(line)
                            + "]");
}

} // namespace base
