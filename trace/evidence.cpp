// SPDX-License-Identifier: Apache-2.0
#include "trace/evidence.hpp"

#include <algorithm>
#include <tuple>

namespace trace {

namespace {

constexpr std::string_view cluster_prefix = "cluster ";

auto key_of(const recorded_event& what) {
  const auto& event = what.event;
  return std::tuple(event.time_ns, what.thread, event.kind, event.span, event.parent, event.value,
                    event.actor, event.other, event.message, event.trace.octets);
}

/// Where one ends before the other begins, only the later one is whole.
void join_whole_parts(recording& into, const recording& other) {
  const auto& later = into.whole_until_ns < other.whole_until_ns ? other : into;
  const auto& earlier = into.whole_until_ns < other.whole_until_ns ? into : other;
  auto since = later.whole_since_ns;
  if (earlier.whole_until_ns > later.whole_since_ns)
    since = std::min(since, earlier.whole_since_ns);
  auto until = later.whole_until_ns;
  into.whole_since_ns = since;
  into.whole_until_ns = until;
}

void join(recording& into, recording other) {
  join_whole_parts(into, other);
  into.ended = std::max(into.ended, other.ended);
  if (other.names.size() > into.names.size()) // names are only added
    into.names = std::move(other.names);
  into.events.insert(into.events.end(), other.events.begin(), other.events.end());
  std::ranges::sort(into.events, {}, key_of);
  auto twice = std::ranges::unique(into.events);
  into.events.erase(twice.begin(), twice.end());
}

} // namespace

evidence::evidence(recording what) : recorded_(std::move(what)) {
  std::erase_if(recorded_.events, [this](const recorded_event& each) {
    return each.event.time_ns >= recorded_.whole_until_ns;
  });
}

name_id evidence::id_of(std::string_view name) const {
  auto found = std::ranges::find(recorded_.names, name);
  return found == recorded_.names.end() ? name_id{0}
                                        : static_cast<name_id>(found - recorded_.names.begin());
}

event_list evidence::find(event_kind kind, std::string_view message) const {
  event_list found;
  auto id = id_of(message);
  if (id != 0)
    for (const auto& each : recorded_.events)
      if (each.event.kind == kind && each.event.message == id)
        found.push_back(&each);
  return found;
}

std::string evidence::cluster() const {
  std::string found;
  for (const auto& name : recorded_.names)
    if (name.starts_with(cluster_prefix))
      found = found.empty() ? name : "several";
  return found == "several" ? std::string() : found;
}

const recorded_event* last_until(const event_list& all, std::uint64_t time_ns) {
  auto after = std::ranges::upper_bound(
      all, time_ns, {}, [](const recorded_event* each) { return each->event.time_ns; });
  return after == all.begin() ? nullptr : *std::prev(after);
}

std::vector<evidence> gather(std::vector<recording> all) {
  std::vector<recording> apart;
  for (auto& each : all) {
    auto same = std::ranges::find_if(apart, [&](const recording& known) {
      return !each.boot.is_nil() && known.boot == each.boot && known.node_id == each.node_id;
    });
    if (same == apart.end())
      apart.push_back(std::move(each));
    else
      join(*same, std::move(each));
  }
  std::vector<evidence> made;
  for (auto& each : apart)
    made.emplace_back(std::move(each));
  return made;
}

} // namespace trace
