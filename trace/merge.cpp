// SPDX-License-Identifier: Apache-2.0
#include "trace/merge.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <unordered_set>

#include "base/check.hpp"

namespace trace {

namespace {

/// A process numbers its messages from one, and a thread is numbered by its machine.
std::uint64_t number_of(std::size_t recording, std::uint64_t there) {
  return (std::uint64_t{recording} + 1) << merged_number_bits | there;
}

/// Gives the events of one recording the names and numbers that they have among others.
class renaming {
public:
  renaming(const recording& from, std::size_t number, recording& into)
    : number_(number), prefix_("node " + std::to_string(from.node_id) + "/"), from_(from),
      into_(into) {
    for (const auto& [event, thread] : from.events)
      if (is_about_message(event.kind))
        messages_.insert(event.span);
  }

  recorded_event rename(const recorded_event& what) {
    auto made = what;
    auto& event = made.event;
    made.thread = number_of(number_, what.thread);
    bool is_message = is_about_message(event.kind);
    event.actor = name(event.actor, true);
    event.other = name(event.other, is_message || event.kind == event_kind::spawned);
    event.message = name(event.message, false);
    if (is_message)
      event.span = number_of(number_, event.span);
    if (messages_.contains(event.parent))
      event.parent = number_of(number_, event.parent);
    return made;
  }

private:
  name_id name(name_id there, bool is_actor) {
    if (there == 0)
      return 0;
    auto [at, is_new] = known_.try_emplace({there, is_actor});
    if (is_new)
      at->second = add((is_actor ? prefix_ : std::string()) + from_.name_of(there));
    return at->second;
  }

  name_id add(std::string text) {
    auto found = std::ranges::find(into_.names, text);
    if (found == into_.names.end()) {
      BASE_CHECK(into_.names.size() <= std::numeric_limits<name_id>::max(), "names fit a number");
      found = into_.names.insert(found, std::move(text));
    }
    return static_cast<name_id>(found - into_.names.begin());
  }

  const std::size_t number_;
  const std::string prefix_;
  const recording& from_;
  recording& into_;
  std::unordered_set<span_id> messages_;
  std::map<std::pair<name_id, bool>, name_id> known_;
};

/// The events of one recording, one after the other.
struct stream {
  const recording* from;
  server_clock clock;
  renaming names;
  std::size_t next = 0;

  bool is_at_end() const { return next == from->events.size(); }
  std::uint64_t time() const {
    auto there = from->unix_time_of(from->events[next].event.time_ns);
    return there - static_cast<std::uint64_t>(clock.ahead_ns);
  }
};

class merger {
public:
  merger(std::span<const recording> all, std::span<const server_clock> clocks) {
    made_.names = {""};
    streams_.reserve(all.size());
    for (std::size_t i = 0; i < all.size(); ++i)
      streams_.push_back({&all[i], clocks[i], renaming(all[i], i, made_)});
    for (const auto& each : find_exchanges(all))
      said_.emplace(std::pair(each.to, each.heard), std::pair(each.from, each.said));
    for (const auto& [heard, said] : said_)
      position_.emplace(said, 0);
  }

  recording make() {
    while (auto* next = choose())
      take(*next);
    return std::move(made_);
  }

private:
  using place = std::pair<std::size_t, std::size_t>;

  place place_of(const stream& which) const {
    return {static_cast<std::size_t>(&which - streams_.data()), which.next};
  }

  /// What its next event heard is not told yet.
  bool waits(const stream& which) const {
    auto said = said_.find(place_of(which));
    return said != said_.end() && streams_[said->second.first].next <= said->second.second;
  }

  /// When its next event happened; not before it was said, where it was heard.
  std::uint64_t time_of_next(const stream& which) const {
    auto said = said_.find(place_of(which));
    if (said == said_.end() || waits(which))
      return which.time();
    return std::max(which.time(), made_.events[position_.at(said->second)].event.time_ns + 1);
  }

  /// The earliest that waits for nothing. Pairs that contradict each other stop nobody.
  stream* choose() {
    stream* best = nullptr;
    std::pair<bool, std::uint64_t> best_at;
    for (auto& each : streams_) {
      if (each.is_at_end())
        continue;
      std::pair at(waits(each), time_of_next(each));
      if (best == nullptr || at < best_at) {
        best = &each;
        best_at = at;
      }
    }
    return best;
  }

  void take(stream& from) {
    auto here = place_of(from);
    auto made = from.names.rename(from.from->events[from.next]);
    made.event.time_ns = std::max(time_of_next(from), newest_ns_);
    newest_ns_ = made.event.time_ns;
    if (auto said = said_.find(here); said != said_.end() && !waits(from))
      made_.heard_from.emplace(made_.events.size(), position_.at(said->second));
    if (auto source = position_.find(here); source != position_.end())
      source->second = made_.events.size();
    made_.events.push_back(made);
    ++from.next;
  }

  std::uint64_t newest_ns_ = 0;
  recording made_;
  std::vector<stream> streams_;
  std::map<place, place> said_;           ///< by where it was heard
  std::map<place, std::size_t> position_; ///< of what was said, among the merged events
};

} // namespace

recording merge(std::span<const recording> all, std::span<const server_clock> clocks) {
  BASE_CHECK(all.size() == clocks.size(), "each recording has a clock");
  return merger(all, clocks).make();
}

} // namespace trace
