// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "tools/aspenctl/client.hpp"

namespace aspenctl {

/// All keys with a prefix, page by page; each page is one read snapshot.
struct scan {
  std::string prefix; ///< empty: every key
  bool keys_only = false;
  std::uint64_t items_max = 0;      ///< 0: all
  std::string more_parameters = {}; ///< of the query, encoded, each with `&` in front
};

/// Calls `take` with the array `items` of each page, in the order of the keys. Ends at the first failure,
/// of the node or of `take`; the pages before it were taken.
outcome<void> for_each_page(
    const client& nodes, const scan& what,
    const std::function<outcome<void>(const nlohmann::ordered_json& items)>& take);

/// An item's value: its bytes. A failure when the item holds none.
outcome<std::string> value_of(const nlohmann::ordered_json& item);

} // namespace aspenctl
