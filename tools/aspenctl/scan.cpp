// SPDX-License-Identifier: Apache-2.0
#include "tools/aspenctl/scan.hpp"

#include <algorithm>

#include "base/limits.hpp"
#include "tools/aspenctl/encoding.hpp"

namespace aspenctl {

namespace {

using nlohmann::ordered_json;

std::string target_of(const scan& what, const std::string& cursor, std::uint64_t left) {
  auto page = what.items_max == 0 ? base::limits::scan_items_max
                                  : std::min<std::uint64_t>(left, base::limits::scan_items_max);
  auto made = "/v1/kv?prefix=" + percent_encode(what.prefix) + "&limit=" + std::to_string(page)
              + (what.keys_only ? "&keys_only=true" : "") + what.more_parameters;
  return cursor.empty() ? made : made + "&cursor=" + percent_encode(cursor);
}

bool is_page(const ordered_json& page) {
  auto items = page.find("items");
  if (items == page.end() || !items->is_array())
    return false;
  return std::all_of(items->begin(), items->end(), [](const ordered_json& item) {
    auto key = item.find("key");
    return item.is_object() && key != item.end() && key->is_string();
  });
}

} // namespace

outcome<void> for_each_page(const client& nodes, const scan& what,
                            const std::function<outcome<void>(const ordered_json& items)>& take) {
  std::string cursor;
  std::uint64_t left = what.items_max;
  while (true) {
    auto said = nodes.ask({"GET", target_of(what, cursor, left), {}});
    if (!said)
      return tl::unexpected(std::move(said.error()));
    auto page = object_of(*said);
    if (!page)
      return tl::unexpected(std::move(page.error()));
    if (!is_page(*page))
      return fail(exit_status::failed, said->from.url() + ": the answer is no page of keys");
    const auto& items = (*page)["items"];
    if (auto taken = take(items); !taken)
      return taken;
    auto next = page->find("cursor");
    bool is_complete = what.items_max != 0 && items.size() >= left;
    if (next == page->end() || !next->is_string() || is_complete)
      return {};
    left -= what.items_max == 0 ? 0 : items.size();
    cursor = next->get<std::string>();
  }
}

outcome<std::string> value_of(const ordered_json& item) {
  if (auto text = item.find("value"); text != item.end() && text->is_string())
    return text->get<std::string>();
  auto encoded = item.find("value_base64");
  auto bytes = encoded != item.end() && encoded->is_string()
                   ? from_base64(encoded->get<std::string>())
                   : std::nullopt;
  if (!bytes)
    return fail(exit_status::failed, "the answer holds a key without a value");
  return std::move(*bytes);
}

} // namespace aspenctl
