// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>

#include "raft/types.hpp"

namespace raft {

/// The newest state digests of one server, at most `bounds::digest_points_max` of them.
class recent_digests {
public:
  /// Whatever was known at `point.index` and above is forgotten: who tells of an index again
  /// has another state now.
  void add(const digest_point& point);
  /// Nothing unless one is known there.
  const digest_point* at(log_index index) const;
  const digest_point* newest() const { return points_.empty() ? nullptr : &points_.back(); }
  void clear() { points_.clear(); }

private:
  std::deque<digest_point> points_; // ascending
};

} // namespace raft
