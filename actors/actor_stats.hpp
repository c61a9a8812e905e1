// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "actors/gateway.hpp"
#include "trace/recorder.hpp"

namespace actors {

/// Nanoseconds on the steady clock.
std::uint64_t now_ns();

/// Counts durations in buckets a quarter of an octave wide: a percentile is off by at
/// most a fifth. Written by one thread at a time, read by any; never locks.
class duration_counter {
public:
  void add(std::uint64_t ns) { counts_[bucket_of(ns)].fetch_add(1, std::memory_order_relaxed); }
  /// The upper bound, in microseconds, of the bucket that holds the `share` quantile;
  /// zero when nothing was counted.
  double quantile_us(double share) const;

private:
  static constexpr std::size_t per_octave = 4;
  static std::size_t bucket_of(std::uint64_t ns) {
    if (ns < per_octave)
      return ns;
    auto octave = static_cast<std::size_t>(std::bit_width(ns)) - 1;
    auto quarter = (ns >> (octave - 2)) & (per_octave - 1);
    return (octave - 1) * per_octave + quarter;
  }
  static double upper_bound_ns(std::size_t bucket);
  std::array<std::atomic<std::uint64_t>, 64 * per_octave> counts_{};
};

/// What one actor's base class counts while messages pass. Shared with the registry,
/// so that it can be read although the actor is stuck or gone.
struct actor_stats {
  std::string name;
  std::string kind; ///< scheduled | detached
  std::string parent;
  std::uint64_t mailbox_limit;  ///< messages; beyond it, messages are rejected
  trace::name_id traced_as = 0; ///< in the recorder's names

  std::atomic<std::uint64_t> depth{0};
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::uint64_t> waiting_since_ns{0}; ///< no waiting message is older
  std::atomic<const std::type_info*> current{nullptr};
  std::atomic<std::uint64_t> current_since_ns{0};
  std::atomic<int> thread{0}; ///< the kernel's number of the thread that handled a message last
  std::atomic<bool> has_ended{false};
  duration_counter queueing;
  duration_counter handling;
};

/// Every actor that lives, and the last life of each that ended. Any thread.
class actor_registry {
public:
  /// Actors tell the recorder of their messages; null: nobody.
  explicit actor_registry(std::shared_ptr<trace::recorder> recorder = nullptr)
    : recorder_(std::move(recorder)) {}

  trace::recorder* recorder() const { return recorder_.get(); }

  /// Names repeat over restarts: a new life replaces the old one's row and counts up.
  std::shared_ptr<actor_stats> add(std::string name, std::string kind, std::string parent,
                                   std::uint64_t mailbox_limit);
  void record_end(const actor_stats& life, std::string reason);
  std::vector<actor_view> list() const;
  /// Messages that the present life of `name` has handled; zero for an unknown name.
  std::uint64_t messages_of(std::string_view name) const;
  /// Changes while that actor gets anywhere: messages handled, and what its thread reads
  /// and writes, also in the middle of one message. Not a count of anything.
  std::uint64_t work_of(std::string_view name) const;
  /// How long that actor has been handling its present message; zero between two.
  std::chrono::milliseconds busy_for(std::string_view name) const;

private:
  std::shared_ptr<actor_stats> life_of(std::string_view name) const;

  struct row {
    std::shared_ptr<actor_stats> life;
    std::uint64_t restarts = 0;
    std::string last_error;
  };
  const std::shared_ptr<trace::recorder> recorder_;
  mutable std::mutex mutex_;
  std::vector<row> rows_;
};

/// The kernel's number of the calling thread.
int thread_number();

/// "actors::persist" for `typeid(actors::persist)`.
std::string type_name(const std::type_info& type);

} // namespace actors
