// SPDX-License-Identifier: Apache-2.0
#include "storage/row_changes.hpp"

#include <utility>

namespace storage {

void row_changes::begin(std::size_t count_max) {
  end();
  is_on_ = true;
  count_max_ = count_max;
}

void row_changes::end() {
  is_on_ = false;
  committed_ = 0;
  changes_ = {};
}

std::optional<std::vector<row_change>> row_changes::take() {
  if (!is_on_)
    return std::nullopt;
  committed_ = 0;
  return std::exchange(changes_, {});
}

void row_changes::note(row_change change) {
  if (changes_.size() >= count_max_)
    return end();
  changes_.push_back(std::move(change));
}

void row_changes::committed() {
  committed_ = changes_.size();
}

void row_changes::rolled_back() {
  changes_.resize(committed_);
}

} // namespace storage
