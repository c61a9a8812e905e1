// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>

#include "base/bytes.hpp"
#include "transport/bounds.hpp"

namespace transport {

/// Frames on their way to one socket: put in by any thread, taken out by the I/O thread,
/// which writes all that gathered at once. The sum of what waits and what is being written
/// is bounded; what does not fit is not taken (INV-134).
class outbox {
public:
  explicit outbox(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  struct outcome {
    bool is_taken = false;
    bool wakes = false; ///< nobody is writing: the caller has to see that `take` is called
  };

  /// Any thread.
  outcome put(base::bytes&& frame) {
    std::lock_guard lock(mutex_);
    if (is_closed_ || frame.size() > bytes_max_ - bytes_)
      return {};
    bytes_ += frame.size();
    if (waiting_.empty())
      waiting_ = std::move(frame);
    else
      waiting_ += frame;
    return {true, !std::exchange(is_awake_, true)};
  }

  /// What is to be written next, the last piece being done with; empty when there is
  /// nothing, and then the next `put` wakes. I/O thread. The result stays until the next call.
  const base::bytes& take() {
    std::lock_guard lock(mutex_);
    bytes_ -= writing_.size();
    if (writing_.capacity() > bounds::buffer_kept_bytes)
      writing_ = {};
    writing_.clear();
    std::swap(writing_, waiting_);
    is_awake_ = !writing_.empty();
    return writing_;
  }

  /// Nothing is taken any more. Any thread.
  void close() {
    std::lock_guard lock(mutex_);
    is_closed_ = true;
  }

  std::size_t bytes() const {
    std::lock_guard lock(mutex_);
    return bytes_;
  }

private:
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  base::bytes waiting_;
  base::bytes writing_;
  std::size_t bytes_ = 0; // of both
  bool is_awake_ = false; // somebody writes, or was told to
  bool is_closed_ = false;
};

} // namespace transport
