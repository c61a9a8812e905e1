// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "storage/state_machine.hpp"

namespace storage {

/// The one interval that a scan's prefix, start, end and cursor come to, in byte order
/// (which is UTF-8's code point order).
struct key_range {
  std::string low;
  bool low_is_excluded = false;
  std::optional<std::string> high; ///< excluded; nothing: to the last key

  bool is_empty() const;
};

key_range range_of(const scan_request& request);

/// Fills a page up to the request's bounds. The same for every backend.
class page_filler {
public:
  page_filler(const scan_request& request, scan_page& page) : request_(request), page_(page) {}

  /// Whether a row of `bytes` may be taken; when not, the page is marked as not the last.
  bool has_room(std::size_t bytes);
  /// Requires: `has_room` said yes to it.
  void take(row next);

private:
  const scan_request& request_;
  scan_page& page_;
  std::size_t bytes_ = 0;
};

} // namespace storage
