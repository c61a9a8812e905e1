// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "actors/figures.hpp"

/// The actors as others may see them: copies, made by the reader's thread.
namespace actors {

/// A message that came to nothing.
struct lost_message_view {
  std::string message;
  std::string from;
  std::uint64_t ms_ago = 0;
};

/// One actor as `/debug/actors` shows it.
struct actor_view {
  std::string name;
  std::string kind; ///< scheduled | detached
  std::string parent;
  std::string state;                   ///< running | idle | ended
  std::uint64_t mailbox_depth = 0;     ///< messages that wait, the one in hand not among them
  std::uint64_t oldest_message_ms = 0; ///< no waiting message is older
  std::string current_message;         ///< in hand; empty: none
  std::string current_from;
  std::uint64_t current_message_ms = 0; ///< in hand for so long
  std::uint64_t messages_total = 0;
  double messages_per_second = 0; ///< over the last seconds (`rate_counter`)
  std::uint64_t rejected_total = 0;
  double queue_p50_us = 0;
  double queue_p99_us = 0;
  double handle_p50_us = 0;
  double handle_p99_us = 0;
  std::uint64_t restarts = 0;
  std::string last_error;
  // Over all lives of the name:
  std::uint64_t dead_letters = 0; ///< sent after its end
  std::vector<lost_message_view> dead_letter_samples{};
  std::uint64_t unread = 0; ///< in its mailbox when it ended
  std::uint64_t unhandled = 0;
  std::vector<lost_message_view> unhandled_samples{};

  /// What it last said of itself, at the end of a message.
  std::vector<figure> figures{};
  std::optional<std::uint64_t> figures_age_ms{}; ///< nothing: it said nothing yet
  /// It has ended, or has had one message in hand for long: the figures are of before.
  bool is_stale = false;
};

/// Who says how much to whom, and how long that takes.
struct talk_view {
  std::string from; ///< an actor, "outside", or "(others)" beyond a bound of senders
  std::string to;
  std::uint64_t messages = 0;
  double messages_per_second = 0;
  double latency_p50_us = 0; ///< from the sending to the end of the handling
  double latency_p99_us = 0;
};

/// A waiting that somebody may want to hear of.
struct longest_wait {
  std::string actor;
  std::uint64_t waited_ms = 0;
  std::uint64_t mailbox_depth = 0;
  std::string current_message;
};

} // namespace actors
