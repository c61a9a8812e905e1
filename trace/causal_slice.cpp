// SPDX-License-Identifier: Apache-2.0
#include "trace/causal_slice.hpp"

#include <algorithm>
#include <set>
#include <unordered_map>

namespace trace {

namespace {

constexpr std::size_t messages_back_max = 6;
constexpr std::size_t events_per_message_max = 12;

std::string number(std::uint64_t value) {
  return std::to_string(value);
}

/// The message that an event is of: itself, or the one in whose handling it was.
span_id message_of(const event& what) {
  return is_about_message(what.kind) ? what.span : what.parent;
}

class slice {
public:
  slice(const evidence& where, const event_list& witnesses) : where_(where), witnesses_(witnesses) {
    for (const auto& each : where.events())
      if (auto message = message_of(each.event); message != 0)
        by_message_[message].push_back(&each);
  }

  std::string to_string() {
    for (const auto* each : witnesses_)
      chosen_.insert({each->event.time_ns, each});
    for (const auto* each : witnesses_)
      go_back_from(*each);
    clock_text clock;
    std::string text;
    for (const auto& [time_ns, each] : chosen_) {
      bool is_witness = std::ranges::find(witnesses_, each) != witnesses_.end();
      append(text, is_witness ? "> " : "  ", clock.of(where_.recorded().unix_time_of(time_ns)), " ",
             describe(where_.recorded(), each->event), "\n");
    }
    return text;
  }

private:
  void go_back_from(const recorded_event& witness) {
    auto message = message_of(witness.event);
    auto until_ns = witness.event.time_ns;
    for (std::size_t i = 0; i < messages_back_max && message != 0; ++i)
      message = add_message(message, until_ns);
  }

  /// What is known of it until then; the message it was sent in.
  span_id add_message(span_id message, std::uint64_t until_ns) {
    span_id parent = 0;
    std::size_t added = 0;
    for (const auto* each : by_message_[message]) {
      if (is_about_message(each->event.kind) && each->event.parent != 0)
        parent = each->event.parent;
      if (each->event.time_ns > until_ns || added == events_per_message_max
          || chosen_.size() >= slice_lines_max)
        continue;
      chosen_.insert({each->event.time_ns, each});
      ++added;
    }
    return parent;
  }

  const evidence& where_;
  const event_list& witnesses_;
  std::unordered_map<span_id, event_list> by_message_;
  std::set<std::pair<std::uint64_t, const recorded_event*>> chosen_;
};

std::string describe_message(const recording& from, const event& what) {
  auto actor = from.name_of(what.actor);
  auto message = from.name_of(what.message);
  auto sender = what.other == 0 ? std::string("nobody") : from.name_of(what.other);
  switch (what.kind) {
  case event_kind::sent: return sender + " sends " + message + " to " + actor;
  case event_kind::timer: return actor + "'s clock sends it " + message;
  case event_kind::rejected: return actor + "'s mailbox is full: " + message + " is rejected";
  case event_kind::received:
    return actor + " receives " + message + ", which waited " + duration_text(what.value);
  case event_kind::handled:
    return actor + " has handled " + message + " in " + duration_text(what.value);
  case event_kind::skipped: return actor + " leaves " + message + " for later";
  default: return actor + " drops " + message;
  }
}

} // namespace

std::string describe(const recording& from, const event& what) {
  auto actor = from.name_of(what.actor);
  auto message = from.name_of(what.message);
  auto other = from.name_of(what.other);
  auto figures = " " + number(what.value) + ", term " + number(what.detail());
  if (is_about_message(what.kind) && what.kind != event_kind::unhandled)
    return describe_message(from, what);
  switch (what.kind) {
  case event_kind::work_began: return actor + " begins " + message;
  case event_kind::work_ended: return actor + " ends " + message + " " + duration_text(what.value);
  case event_kind::durable:
    return actor + ": durable " + message + figures + (other.empty() ? "" : ", vote for " + other);
  case event_kind::raft:
    return actor + ": " + message + figures + (other.empty() ? "" : ", " + other);
  case event_kind::rpc_sent: return actor + " tells " + other + " " + message + figures;
  case event_kind::rpc_received: return actor + " hears " + message + figures + " from " + other;
  case event_kind::http_began: return "a request begins, span " + hexadecimal(what.detail());
  case event_kind::http_ended:
    return "a request ends, span " + hexadecimal(what.detail()) + ": " + message + " " + other;
  default: return actor + ": " + std::string(to_string(what.kind)) + " " + message;
  }
}

std::string causal_slice(const evidence& where, const event_list& witnesses) {
  return slice(where, witnesses).to_string();
}

} // namespace trace
