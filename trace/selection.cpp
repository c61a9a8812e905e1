// SPDX-License-Identifier: Apache-2.0
#include "trace/selection.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace trace {

namespace {

/// Below zero for what is no digit.
int value_of(char digit) {
  if (digit >= '0' && digit <= '9')
    return digit - '0';
  return digit >= 'a' && digit <= 'f' ? digit - 'a' + 10 : -1;
}

bool is_of_request(event_kind kind) {
  return kind == event_kind::http_began || kind == event_kind::http_ended;
}

/// The messages that have a part in the trace.
std::unordered_set<span_id> messages_of(const recording& what, const base::uuid& trace) {
  std::unordered_set<span_id> found;
  for (const auto& [event, thread] : what.events)
    if (event.trace == trace && event.kind == event_kind::step)
      found.insert(event.parent);
    else if (event.trace == trace && is_about_message(event.kind))
      found.insert(event.span);
  return found;
}

/// Those events alone, and what one of them heard of another.
template <class Belongs>
void keep(recording& what, Belongs belongs) {
  std::vector<recorded_event> kept;
  std::map<std::size_t, std::size_t> heard_from;
  std::unordered_map<std::size_t, std::size_t> position; // before → now
  for (std::size_t i = 0; i < what.events.size(); ++i) {
    if (!belongs(what.events[i]))
      continue;
    auto heard = what.heard_from.find(i);
    if (heard != what.heard_from.end())
      if (auto said = position.find(heard->second); said != position.end())
        heard_from.emplace(kept.size(), said->second);
    if (!what.heard_from.empty())
      position.emplace(i, kept.size());
    kept.push_back(what.events[i]);
  }
  what.events = std::move(kept);
  what.heard_from = std::move(heard_from);
}

} // namespace

std::optional<base::uuid> parse_trace_id(std::string_view digits) {
  base::uuid read;
  if (digits.size() != 2 * read.octets.size())
    return std::nullopt;
  for (std::size_t i = 0; i < read.octets.size(); ++i) {
    int high = value_of(digits[2 * i]);
    int low = value_of(digits[2 * i + 1]);
    if (high < 0 || low < 0)
      return std::nullopt;
    read.octets[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  if (read.is_nil())
    return std::nullopt;
  return read;
}

recording only_trace(const recording& what, const base::uuid& trace) {
  auto messages = messages_of(what, trace);
  auto belongs = [&](const event& each) {
    if (is_of_request(each.kind))
      return each.trace == trace;
    if (is_about_message(each.kind))
      return messages.contains(each.span);
    return messages.contains(each.parent) && (each.kind != event_kind::step || each.trace == trace);
  };
  auto selected = what;
  keep(selected, [&](const recorded_event& each) { return belongs(each.event); });
  selected.whole_since_ns = std::numeric_limits<std::uint64_t>::max();
  return selected;
}

void keep_newest(recording& what, std::uint64_t span_ns, std::size_t limit) {
  if (what.events.empty())
    return;
  auto newest = what.events.back().event.time_ns;
  auto first = std::ranges::find_if(what.events, [&](const recorded_event& each) {
    return newest - each.event.time_ns <= span_ns;
  });
  auto surplus =
      static_cast<std::ptrdiff_t>(what.events.size() - std::min(what.events.size(), limit));
  auto kept = std::max(first, what.events.begin() + surplus);
  if (kept == what.events.begin())
    return;
  what.whole_since_ns = std::max(what.whole_since_ns, std::prev(kept)->event.time_ns);
  auto dropped = static_cast<std::size_t>(kept - what.events.begin());
  keep(what, [&, i = std::size_t{0}](const recorded_event&) mutable { return i++ >= dropped; });
}

} // namespace trace
