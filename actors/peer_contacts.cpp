// SPDX-License-Identifier: Apache-2.0
#include "actors/peer_contacts.hpp"

#include <algorithm>
#include <vector>

namespace actors {

namespace {

using time_point = peer_contacts::time_point;

/// The time that a majority of `voters` has reached: the middle one, newest first.
template <class TimeOf>
time_point majority_time(const std::vector<raft::member>& voters, TimeOf&& time_of) {
  if (voters.empty())
    return time_point::min();
  std::vector<time_point> times;
  for (const auto& each : voters)
    times.push_back(time_of(each.id));
  auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end(), std::greater<>{});
  return *middle;
}

} // namespace

std::optional<time_point> peer_contacts::last(raft::server_id which) const {
  auto found = last_.find(which);
  return found == last_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<time_point> peer_contacts::quorum(const raft::membership& members,
                                                raft::server_id self, time_point now) const {
  auto time_of = [&](raft::server_id id) {
    return id == self ? now : last(id).value_or(time_point::min());
  };
  auto reached = majority_time(members.voters, time_of);
  if (members.is_joint())
    reached = std::min(reached, majority_time(members.outgoing_voters, time_of));
  return reached == time_point::min() ? std::nullopt : std::optional(reached);
}

void peer_contacts::keep(const raft::membership& members) {
  std::erase_if(last_, [&](const auto& each) { return !members.is_member(each.first); });
}

} // namespace actors
