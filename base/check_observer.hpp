// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace base {

/// Told of each broken invariant just before it is thrown (base/check.hpp), on the thread that broke
/// it; must not block. What breaks within it is not told.
using check_observer = std::function<void(const std::string& what)>;

/// Replaces whoever was told before; empty: nobody. When it returns, the one before is not called any
/// more. Any thread, but not the observer itself.
void observe_checks(check_observer observer);

} // namespace base
