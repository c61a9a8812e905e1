// SPDX-License-Identifier: Apache-2.0
#include "storage/key_range.hpp"

#include <algorithm>

namespace storage {

namespace {

/// The first string after all that begin with `prefix`; nothing when there is none.
std::optional<std::string> end_of_prefix(std::string prefix) {
  while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff)
    prefix.pop_back();
  if (prefix.empty())
    return std::nullopt;
  prefix.back() = static_cast<char>(static_cast<unsigned char>(prefix.back()) + 1);
  return prefix;
}

} // namespace

bool key_range::is_empty() const {
  return high && low >= *high;
}

key_range range_of(const scan_request& request) {
  key_range range;
  range.low = std::max(request.start, request.prefix);
  if (request.after && *request.after >= range.low) {
    range.low = *request.after;
    range.low_is_excluded = true;
  }
  range.high = end_of_prefix(request.prefix);
  if (!request.end.empty() && (!range.high || request.end < *range.high))
    range.high = request.end;
  return range;
}

bool page_filler::has_room(std::size_t bytes) {
  // The first row always fits: a page that took nothing would end the scan for good.
  bool fits = page_.rows.empty()
              || (page_.rows.size() < request_.items_max && bytes_ + bytes <= request_.bytes_max);
  page_.is_last = fits;
  return fits;
}

void page_filler::take(row next) {
  bytes_ += next.key.size() + next.value.size();
  page_.rows.push_back(std::move(next));
}

} // namespace storage
