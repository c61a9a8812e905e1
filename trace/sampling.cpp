// SPDX-License-Identifier: Apache-2.0
#include "trace/sampling.hpp"

#include <algorithm>
#include <functional>
#include <map>

namespace trace {

namespace {

struct life {
  std::uint64_t last_ns = 0;
  int open_requests = 0;
};

constexpr std::size_t random_bytes = 7;

/// What W3C Trace Context, level 2, wants to be random of an id: its last 56 bits.
std::uint64_t random_part(const base::uuid& trace) {
  std::uint64_t number = 0;
  for (std::size_t i = trace.octets.size() - random_bytes; i < trace.octets.size(); ++i)
    number = number << 8 | trace.octets[i];
  return number;
}

/// From which random part on a trace is taken.
std::uint64_t threshold_of(std::uint64_t one_in) {
  constexpr auto all = std::uint64_t{1} << (8 * random_bytes);
  return all - all / one_in;
}

std::map<base::uuid, life> lives_of(const recording& what) {
  std::map<base::uuid, life> all;
  for (const auto& [event, thread] : what.events) {
    if (event.trace.is_nil())
      continue;
    auto& one = all[event.trace];
    one.last_ns = std::max(one.last_ns, event.time_ns);
    if (event.kind == event_kind::http_began)
      ++one.open_requests;
    else if (event.kind == event_kind::http_ended)
      --one.open_requests;
  }
  return all;
}

} // namespace

settled_traces find_settled(const recording& what, std::uint64_t from_ns, std::uint64_t until_ns,
                            const sample& which) {
  const auto threshold = threshold_of(which.one_in);
  settled_traces found;
  for (const auto& [trace, one] : lives_of(what))
    // A request whose beginning is not recorded any more has ended all the same.
    if (one.last_ns >= from_ns && one.last_ns < until_ns && one.open_requests <= 0
        && random_part(trace) >= threshold)
      found.taken.push_back(trace);
  std::ranges::sort(found.taken, std::ranges::greater{}, random_part);
  if (found.taken.size() > which.limit) {
    found.left_out = found.taken.size() - which.limit;
    found.taken.resize(which.limit);
  }
  return found;
}

} // namespace trace
