// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"

#include <mutex>
#include <utility>

#include "base/check_observer.hpp"

namespace base {

namespace {

std::mutex mutex;

check_observer& observer() {
  static check_observer told;
  return told;
}

void tell(const std::string& what) {
  thread_local bool is_telling = false;
  if (std::exchange(is_telling, true))
    return;
  {
    std::lock_guard guard(mutex);
    if (observer())
      observer()(what);
  }
  is_telling = false;
}

} // namespace

void observe_checks(check_observer told) {
  std::lock_guard guard(mutex);
  observer() = std::move(told);
}

void fail_check(const char* expression, const char* file, int line, const std::string& what) {
  auto text = what + " [" + expression + " at " + file + ":" + std::to_string(line) + "]";
  tell(text);
  throw invariant_violation(text);
}

} // namespace base
