// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "storage/types.hpp"

namespace storage {

/// A row that apply changed.
struct row_change {
  revision at;
  std::string key;
  state_digest before; ///< zero: there was no row
  state_digest after;  ///< zero: there is none
};

/// What a state machine changes while somebody wants to know: who reads the rows a page at a time, and what
/// was changed between the pages, has the sum of all rows of one moment (INV-144). One thread, the
/// writer's.
class row_changes {
public:
  /// From the state as it is now on. More than `count_max` that nobody takes are not kept.
  void begin(std::size_t count_max);
  void end();

  /// In the order of their revisions, since `begin` or the last time. Nothing: they were not noted, or too
  /// many, and are not noted any more.
  std::optional<std::vector<row_change>> take();

  // For apply: what it notes counts only once its transaction is there.
  bool are_noted() const { return is_on_; }
  void note(row_change change);
  void committed();
  void rolled_back();

private:
  bool is_on_ = false;
  std::size_t count_max_ = 0;
  std::size_t committed_ = 0; ///< of `changes_`
  std::vector<row_change> changes_;
};

} // namespace storage
