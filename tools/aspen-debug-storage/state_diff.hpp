// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "storage/log_scan.hpp"
#include "storage/state_inspection.hpp"
#include "tools/common/printer.hpp"

namespace debug_storage {

/// One thing that is not the same on both sides.
struct difference {
  std::string what;
  std::string left;
  std::string right;
  /// Two servers, or one server and its log, can never hold this: one of them is damaged or diverged.
  bool is_contradiction = false;
};

/// All differences, the first few of each kind by name.
class comparison {
public:
  explicit comparison(std::uint64_t shown_max) : shown_max_(shown_max) {}

  /// Notes a difference unless both texts are the same.
  void compare(const std::string& what, const std::string& left, const std::string& right,
               bool is_contradiction = false);
  /// Rows and entries are many: beyond the bound they are only counted.
  void add_row(difference one);
  void add_entry(difference one);

  bool is_equal() const { return found_.empty(); }
  bool is_contradiction() const { return is_contradiction_; }

  std::uint64_t rows_compared = 0;
  std::uint64_t rows_differing = 0;
  std::uint64_t entries_compared = 0;
  std::uint64_t entries_differing = 0;

  /// The table or object, with the given names of the sides.
  void print(tools::output_format format, const std::string& left, const std::string& right) const;

private:
  void add(difference one);

  std::uint64_t shown_max_;
  std::vector<difference> found_;
  bool is_contradiction_ = false;
};

/// Position, chain, membership, digest and every row. Two states at one index must be the same.
base::status compare_states(storage::state_inspection& left, storage::state_inspection& right,
                            comparison& out);

} // namespace debug_storage
