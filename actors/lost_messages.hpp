// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <typeinfo>
#include <vector>

#include "actors/talk_table.hpp"
#include "actors/versioned_words.hpp"

namespace actors {

/// What a message is: a type, and for one of the library's own its name there. Both null: it is empty.
struct message_type {
  const std::type_info* type = nullptr;
  const char* library_name = nullptr;
};

/// Counts messages that came to nothing, and keeps the newest few as samples. Any thread writes; takes
/// no lock: a sample that meets another one is counted and not kept.
class lost_messages {
public:
  static constexpr std::size_t samples_max = 4;

  struct sample {
    message_type what;
    actor_number from = 0;
    std::uint64_t at_ns = 0;
  };

  void add(const message_type& what, actor_number from, std::uint64_t at_ns) noexcept {
    auto count = count_.fetch_add(1, std::memory_order_relaxed);
    samples_[count % samples_max].try_write({reinterpret_cast<std::uintptr_t>(what.type),
                                             reinterpret_cast<std::uintptr_t>(what.library_name),
                                             from, at_ns});
  }
  std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }
  /// In no order.
  std::vector<sample> samples() const;

private:
  std::atomic<std::uint64_t> count_{0};
  std::array<versioned_words<4>, samples_max> samples_;
};

/// Of one name, over all its lives.
struct actor_losses {
  lost_messages dead;                   ///< sent to it after its end
  std::atomic<std::uint64_t> unread{0}; ///< in its mailbox when it ended
  lost_messages unhandled;              ///< it had no handler for them
};

} // namespace actors
