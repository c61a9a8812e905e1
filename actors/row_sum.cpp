// SPDX-License-Identifier: Apache-2.0
#include "actors/row_sum.hpp"

#include <algorithm>

#include "storage/digest.hpp"

namespace actors {

void row_sum::take(const storage::scan_page& page,
                   const std::vector<storage::row_change>* changes) {
  is_void_ = is_void_ || changes == nullptr;
  if (is_void_) {
    waiting_.clear();
    return;
  }
  waiting_.insert(waiting_.end(), changes->begin(), changes->end());
  // Rows before this page become what they were when it was read; those of the page and behind it are read so.
  follow(storage::revision{page.at.value});
  for (const auto& row : page.rows)
    // The reader compared it with the stored one.
    storage::add(sum_,
                 storage::row_digest(row.key, {row.create_revision, row.mod_revision, row.version},
                                     row.value));
  if (!page.rows.empty())
    last_key_ = page.rows.back().key;
}

void row_sum::follow(storage::revision until) {
  auto later = std::find_if(waiting_.begin(), waiting_.end(),
                            [&](const storage::row_change& each) { return each.at > until; });
  for (auto each = waiting_.begin(); each != later; ++each) {
    if (!last_key_ || each->key > *last_key_)
      continue;
    storage::subtract(sum_, each->before);
    storage::add(sum_, each->after);
  }
  waiting_.erase(waiting_.begin(), later);
}

std::optional<storage::state_digest> row_sum::finish() {
  if (is_void_)
    return std::nullopt;
  for (const auto& each : waiting_) { // every row was read: all of them count
    storage::subtract(sum_, each.before);
    storage::add(sum_, each.after);
  }
  waiting_.clear();
  return sum_;
}

} // namespace actors
