// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <typeinfo>

#include "actors/counters.hpp"
#include "actors/figures.hpp"
#include "actors/lost_messages.hpp"
#include "actors/talk_table.hpp"
#include "trace/recorder.hpp"

namespace actors {

/// How many messages an actor has, until it ends: then whoever comes later is told apart, to the
/// message.
class mailbox_depth {
public:
  /// Counts one more; false when the actor has ended and nobody will read it.
  bool enter(std::uint64_t& waiting) {
    waiting = count_.fetch_add(1, std::memory_order_relaxed) + 1;
    return waiting < closed / 2;
  }
  void leave() { count_.fetch_sub(1, std::memory_order_relaxed); }
  /// The end; returns how many were there. Once.
  std::uint64_t close() { return count_.exchange(closed, std::memory_order_relaxed); }
  /// The one in hand among them; zero after the end.
  std::uint64_t get() const {
    auto count = count_.load(std::memory_order_relaxed);
    return count < closed / 2 ? count : 0;
  }

private:
  static constexpr std::uint64_t closed = std::uint64_t{1} << 62;
  std::atomic<std::uint64_t> count_{0};
};

/// The message that an actor handles now.
class message_in_hand {
public:
  void begin(const message_type& what, actor_number from, std::uint64_t at_ns) {
    type_.store(what.type, std::memory_order_relaxed);
    library_name_.store(what.library_name, std::memory_order_relaxed);
    from_.store(from, std::memory_order_relaxed);
    since_ns_.store(at_ns, std::memory_order_relaxed);
  }
  void end() { since_ns_.store(0, std::memory_order_relaxed); }

  bool is_one() const { return since_ns() != 0; }
  std::uint64_t since_ns() const { return since_ns_.load(std::memory_order_relaxed); }
  message_type type() const {
    return {type_.load(std::memory_order_relaxed), library_name_.load(std::memory_order_relaxed)};
  }
  actor_number from() const { return from_.load(std::memory_order_relaxed); }

private:
  std::atomic<const std::type_info*> type_{nullptr};
  std::atomic<const char*> library_name_{nullptr};
  std::atomic<actor_number> from_{0};
  std::atomic<std::uint64_t> since_ns_{0}; ///< zero: none
};

/// What one actor's base class counts while messages pass. Shared with the registry,
/// so that it can be read although the actor is stuck or gone.
struct actor_stats {
  std::string name;
  std::string kind; ///< scheduled | detached
  std::string parent;
  std::uint64_t mailbox_limit;  ///< messages; beyond it, messages are rejected
  trace::name_id traced_as = 0; ///< in the recorder's names
  actor_number number = 0;      ///< in the registry's

  mailbox_depth depth;
  message_in_hand in_hand;
  std::atomic<std::uint64_t> messages{0};
  std::atomic<std::uint64_t> rejected{0};
  std::atomic<std::uint64_t> waiting_since_ns{0}; ///< no waiting message is older
  /// The longest that a message waited, until somebody takes it.
  std::atomic<std::uint64_t> longest_wait_ns{0};
  std::atomic<int> thread{0}; ///< the kernel's number of the thread that handled a message last
  std::atomic<bool> has_ended{false};
  duration_counter queueing;
  duration_counter handling;
  rate_counter rate;
  talk_table talks;
  published_figures figures;
  std::shared_ptr<actor_losses> losses; ///< of the name; never null in a registry

  /// Counts a message in; false when nobody will read it.
  bool count_in(std::uint64_t enqueued_ns, std::uint64_t& waiting) {
    auto is_read = depth.enter(waiting);
    if (is_read && waiting <= (in_hand.is_one() ? 2U : 1U))
      waiting_since_ns.store(enqueued_ns, std::memory_order_relaxed);
    return is_read;
  }
  /// Counts a message that was handled.
  void count_out(actor_number from, std::uint64_t waited_ns, std::uint64_t handled_ns,
                 std::uint64_t now) {
    depth.leave();
    add_to(messages);
    rate.add(now);
    queueing.add(waited_ns);
    handling.add(handled_ns);
    talks.add(from, waited_ns + handled_ns, now);
    if (waited_ns > longest_wait_ns.load(std::memory_order_relaxed))
      longest_wait_ns.store(waited_ns, std::memory_order_relaxed);
  }
};

/// The kernel's number of the calling thread.
int thread_number();

/// "actors::persist" for `typeid(actors::persist)`.
std::string type_name(const std::type_info& type);
/// The same for what a message is; "(empty)" for one without content.
std::string name_of(const message_type& what);

} // namespace actors
