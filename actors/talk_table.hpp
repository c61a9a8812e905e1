// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <utility>

#include "actors/counters.hpp"

namespace actors {

/// Numbers the names of a registry from one; zero is outside: HTTP, the transport, other threads.
using actor_number = std::uint16_t;

/// Whose message the calling thread handles.
inline actor_number& actor_in_hand() {
  thread_local actor_number mine = 0;
  return mine;
}

/// Sets that for a scope, and what it was before at the end.
class handling_scope {
public:
  explicit handling_scope(actor_number who) : before_(std::exchange(actor_in_hand(), who)) {}
  ~handling_scope() { actor_in_hand() = before_; }
  handling_scope(const handling_scope&) = delete;
  handling_scope& operator=(const handling_scope&) = delete;

private:
  actor_number before_;
};

/// What one actor hears from which others: a column of the matrix. Written by the thread that runs the
/// actor, read by any.
class talk_table {
public:
  /// Each with a place of its own; all further senders share one.
  static constexpr std::size_t senders_max = 16;
  static constexpr std::uint32_t others = 1U << 16;

  struct talk {
    std::atomic<std::uint32_t> from{unused}; ///< an `actor_number`, or `others`
    std::atomic<std::uint64_t> messages{0};
    duration_counter latency; ///< from the sending to the end of the handling
    rate_counter rate;
  };

  void add(actor_number from, std::uint64_t latency_ns, std::uint64_t now) {
    auto& place = place_of(from);
    add_to(place.messages);
    place.latency.add(latency_ns);
    place.rate.add(now);
  }

  /// Calls `see(const talk&)` for each sender that there was.
  template <class See>
  void for_each(See see) const {
    for (const auto& each : talks_)
      if (each.from.load(std::memory_order_acquire) != unused)
        see(each);
  }

private:
  static constexpr std::uint32_t unused = others + 1;

  talk& place_of(actor_number from) {
    for (std::size_t i = 0; i < senders_max; ++i) {
      auto held = talks_[i].from.load(std::memory_order_relaxed);
      if (held == unused)
        talks_[i].from.store(held = from, std::memory_order_release);
      if (held == from)
        return talks_[i];
    }
    talks_[senders_max].from.store(others, std::memory_order_release);
    return talks_[senders_max];
  }

  std::array<talk, senders_max + 1> talks_;
};

} // namespace actors
