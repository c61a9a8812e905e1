// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace transport {

/// The waits between tries: they double up to a bound, and each is shortened by chance, at
/// most to its half, so that servers that failed together do not try together. Pure.
class back_off {
public:
  back_off(std::chrono::milliseconds first, std::chrono::milliseconds greatest)
    : first_(first), greatest_(greatest), next_(first) {}

  /// The wait before the next try. `chance` is any random number.
  std::chrono::milliseconds next(std::uint64_t chance) {
    auto whole = next_;
    next_ = std::min(greatest_, next_ * 2);
    auto half = whole.count() / 2;
    auto cut =
        half == 0 ? 0 : static_cast<std::int64_t>(chance % static_cast<std::uint64_t>(half + 1));
    return std::chrono::milliseconds(whole.count() - cut);
  }

  /// It worked, and lasted.
  void reset() { next_ = first_; }

private:
  std::chrono::milliseconds first_;
  std::chrono::milliseconds greatest_;
  std::chrono::milliseconds next_;
};

} // namespace transport
