// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "actors/disk_space.hpp"
#include "node/settings.hpp"

namespace node {

/// Keeps a reserve of disk space beside the stores (`cluster.disk_reserve`), looks once a
/// second whether one that was given up can be made again, and says so in the log. Any thread.
class space_keeper : public actors::disk_space {
public:
  /// Null with the backend `inmemory`. Requires: the data directory exists and is locked.
  static std::shared_ptr<space_keeper> start(const settings& all);

  /// Before the stores are checked or opened: makes a little room on a disk that has none.
  virtual void prepare() = 0;
  /// Why the node takes no writes for want of space; empty when it has what it needs.
  virtual std::string trouble() const = 0;
};

} // namespace node
