// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace actors {

/// What the node keeps back of its disk for the moment when there is no more: the actors'
/// view of it. Any thread; a call may take as long as removing a file.
class disk_space {
public:
  virtual ~disk_space() = default;

  /// A write found no space. True: room was made just now, and it is worth trying once more.
  virtual bool make_room() = 0;

  /// What was kept back is in use, or cannot be kept: whoever leads takes no new writes, so
  /// that what is left serves checkpoint and compaction (INV-150).
  virtual bool is_short() const = 0;

  /// How much is kept back, for checkpoints above all. Zero: nothing.
  virtual std::uint64_t kept_bytes() const = 0;
};

} // namespace actors
