// SPDX-License-Identifier: Apache-2.0
#include "raft/recent_digests.hpp"

#include "raft/bounds.hpp"

namespace raft {

void recent_digests::add(const digest_point& point) {
  while (!points_.empty() && points_.back().index >= point.index)
    points_.pop_back();
  points_.push_back(point);
  if (points_.size() > bounds::digest_points_max)
    points_.pop_front();
}

const digest_point* recent_digests::at(log_index index) const {
  for (const auto& each : points_)
    if (each.index == index)
      return &each;
  return nullptr;
}

} // namespace raft
