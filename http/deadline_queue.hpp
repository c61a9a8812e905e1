// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

namespace http {

using steady_time = std::chrono::steady_clock::time_point;

/// One thing that may expire, kept in at most one queue at a time.
class deadline {
public:
  deadline() = default;
  ~deadline() { cancel(); }
  deadline(const deadline&) = delete;
  deadline& operator=(const deadline&) = delete;

  steady_time at() const { return at_; }
  bool is_set() const { return next_ != nullptr; }
  void cancel() {
    if (!is_set())
      return;
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = nullptr;
  }

  void* owner = nullptr; ///< whoever expires

private:
  friend class deadline_queue;
  deadline* next_ = nullptr;
  deadline* previous_ = nullptr;
  steady_time at_;
};

/// Deadlines that all lie equally far ahead of the moment they are set, so that the
/// order of setting is the order of expiry: every operation is a few pointers. One thread.
class deadline_queue {
public:
  explicit deadline_queue(std::chrono::milliseconds span) : span_(span) {
    head_.next_ = head_.previous_ = &head_;
  }
  ~deadline_queue() { head_.next_ = head_.previous_ = nullptr; }
  deadline_queue(const deadline_queue&) = delete;
  deadline_queue& operator=(const deadline_queue&) = delete;

  /// Takes `item` out of whatever queue holds it. Requires: `now` never goes back.
  void set(deadline& item, steady_time now) {
    item.cancel();
    item.at_ = now + span_;
    item.previous_ = head_.previous_;
    item.next_ = &head_;
    head_.previous_->next_ = &item;
    head_.previous_ = &item;
  }

  bool is_empty() const { return head_.next_ == &head_; }
  /// Requires: not empty.
  const deadline& first() const { return *head_.next_; }
  /// The earliest one if it is due, taken out; else null.
  deadline* take_due(steady_time now) {
    if (is_empty() || head_.next_->at_ > now)
      return nullptr;
    auto* due = head_.next_;
    due->cancel();
    return due;
  }

private:
  const std::chrono::milliseconds span_;
  deadline head_;
};

} // namespace http
