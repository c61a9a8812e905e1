// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/actor_stats.hpp"
#include "actors/actor_view.hpp"
#include "trace/recorder.hpp"

namespace actors {

/// Every actor that lives, and the last life of each that ended. Any thread; its lock is held for a
/// look, never while an actor works.
class actor_registry {
public:
  /// A message in hand for so long makes what its actor said before it stale.
  static constexpr std::chrono::seconds stale_after{1};
  /// Names; all further ones are answered for in views, and count as from outside.
  static constexpr std::size_t numbers_max = 0xffff;

  /// Actors tell the recorder of their messages; null: nobody.
  explicit actor_registry(std::shared_ptr<trace::recorder> recorder = nullptr)
    : recorder_(std::move(recorder)) {}

  trace::recorder* recorder() const { return recorder_.get(); }

  /// Names repeat over restarts: a new life replaces the old one's row and counts up.
  std::shared_ptr<actor_stats> add(std::string name, std::string kind, std::string parent,
                                   std::uint64_t mailbox_limit);
  void record_end(const actor_stats& life, std::string reason);

  // -- looks from outside -----------------------------------------------------------

  std::vector<actor_view> list() const;
  /// Of each actor's present life; at most `talk_table::senders_max` + 1 of each.
  std::vector<talk_view> list_talks() const;
  /// The longest that any message waited since the last call, or waits now; nothing below `least`.
  std::optional<longest_wait> take_longest_wait(std::chrono::milliseconds least);

  /// Messages that the present life of `name` has handled; zero for an unknown name.
  std::uint64_t messages_of(std::string_view name) const;
  /// Changes while that actor gets anywhere: messages handled, and what its thread reads
  /// and writes, also in the middle of one message. Not a count of anything.
  std::uint64_t work_of(std::string_view name) const;
  /// How long that actor has been handling its present message; zero between two.
  std::chrono::milliseconds busy_for(std::string_view name) const;

private:
  struct row {
    std::shared_ptr<actor_stats> life;
    std::shared_ptr<actor_losses> losses;
    std::uint64_t restarts = 0;
    std::string last_error;
  };

  std::shared_ptr<actor_stats> life_of(std::string_view name) const;
  actor_view view_of(const row& which, std::uint64_t now) const;
  std::vector<lost_message_view> samples_of(const lost_messages& what, std::uint64_t now) const;
  std::string name_of_number(std::uint32_t number) const;

  const std::shared_ptr<trace::recorder> recorder_;
  mutable std::mutex mutex_;
  std::vector<row> rows_; ///< an actor's number is its place, from one
};

} // namespace actors
