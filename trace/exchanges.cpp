// SPDX-License-Identifier: Apache-2.0
#include "trace/exchanges.hpp"

#include <algorithm>
#include <limits>
#include <map>
#include <tuple>

namespace trace {

namespace {

std::string peer_name(const recording& of) {
  return "node " + std::to_string(of.node_id);
}

/// Who says what to whom. An entry of a request is known by its trace and index.
using what_is_said =
    std::tuple<std::string, std::string, std::string, base::uuid, std::uint64_t, std::uint64_t>;

struct place {
  std::size_t recording;
  std::size_t event;
};

struct both_sides {
  std::vector<place> said;
  std::vector<place> heard;
};

class table {
public:
  explicit table(std::span<const recording> all) {
    for (std::size_t i = 0; i < all.size(); ++i)
      add(all[i], i);
  }

  std::vector<exchange> unique_ones() const {
    std::vector<exchange> found;
    for (const auto& [key, sides] : sides_)
      if (sides.said.size() == 1 && sides.heard.size() == 1)
        found.push_back({sides.said[0].recording, sides.said[0].event, sides.heard[0].recording,
                         sides.heard[0].event});
    std::ranges::sort(found, {},
                      [](const exchange& each) { return std::pair(each.to, each.heard); });
    return found;
  }

private:
  void add(const recording& from, std::size_t number) {
    for (std::size_t i = 0; i < from.events.size(); ++i) {
      const auto& event = from.events[i].event;
      bool is_step = event.kind == event_kind::step;
      bool is_said = event.kind == event_kind::rpc_sent
                     || (is_step && from.name_of(event.message) == "sent to peer");
      bool is_heard = event.kind == event_kind::rpc_received
                      || (is_step && from.name_of(event.message) == "came from peer");
      if (!is_said && !is_heard)
        continue;
      auto here = peer_name(from);
      const auto& peer = from.name_of(event.other);
      auto& sides = sides_[{is_said ? here : peer, is_said ? peer : here,
                            is_step ? std::string() : from.name_of(event.message), event.trace,
                            is_step ? 0 : event.detail(), event.value}];
      (is_said ? sides.said : sides.heard).push_back({number, i});
    }
  }

  std::map<what_is_said, both_sides> sides_;
};

std::int64_t time_of(const recording& what, std::size_t event) {
  return static_cast<std::int64_t>(what.unix_time_of(what.events[event].event.time_ns));
}

constexpr auto unknown = std::numeric_limits<std::int64_t>::max();

/// The least time from one clock to another, by (from, to).
using delays = std::map<std::pair<std::size_t, std::size_t>, std::int64_t>;

std::int64_t delay(const delays& all, std::size_t from, std::size_t to) {
  auto found = all.find({from, to});
  return found == all.end() ? unknown : found->second;
}

/// How far `to` is ahead of `from`. With one direction alone the clocks are believed as far as
/// nothing is heard before it was said.
std::optional<server_clock> compare(const delays& all, std::size_t from, std::size_t to) {
  auto there = delay(all, from, to);
  auto back = delay(all, to, from);
  if (there == unknown && back == unknown)
    return std::nullopt;
  if (back == unknown)
    return server_clock{std::min<std::int64_t>(0, there), std::nullopt};
  if (there == unknown)
    return server_clock{std::max<std::int64_t>(0, -back), std::nullopt};
  return server_clock{(there - back) / 2,
                      static_cast<std::uint64_t>(std::max<std::int64_t>(0, (there + back) / 2))};
}

server_clock sum(const server_clock& one, const server_clock& other) {
  server_clock both{one.ahead_ns + other.ahead_ns, std::nullopt};
  if (one.within_ns && other.within_ns)
    both.within_ns = *one.within_ns + *other.within_ns;
  return both;
}

} // namespace

std::vector<exchange> find_exchanges(std::span<const recording> all) {
  return table(all).unique_ones();
}

std::vector<server_clock> compare_clocks(std::span<const recording> all,
                                         std::span<const exchange> exchanges) {
  delays least;
  for (const auto& each : exchanges) {
    auto took = time_of(all[each.to], each.heard) - time_of(all[each.from], each.said);
    auto [at, is_new] = least.try_emplace({each.from, each.to}, took);
    at->second = std::min(at->second, took);
  }
  std::vector<std::optional<server_clock>> known(all.size());
  for (std::size_t begin = 0; begin < all.size(); ++begin) {
    if (known[begin])
      continue;
    known[begin] = server_clock{0, begin == 0 ? std::optional<std::uint64_t>(0) : std::nullopt};
    std::vector<std::size_t> next{begin};
    for (std::size_t i = 0; i < next.size(); ++i)
      for (std::size_t to = 0; to < all.size(); ++to)
        if (auto found = known[to] ? std::nullopt : compare(least, next[i], to)) {
          known[to] = sum(*known[next[i]], *found);
          next.push_back(to);
        }
  }
  std::vector<server_clock> clocks;
  for (const auto& each : known)
    clocks.push_back(*each);
  return clocks;
}

} // namespace trace
