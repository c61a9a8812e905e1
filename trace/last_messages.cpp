// SPDX-License-Identifier: Apache-2.0
#include "trace/last_messages.hpp"

#include <algorithm>
#include <unordered_map>

namespace trace {

std::vector<handled_message> last_messages_of(const recording& what, std::string_view actor,
                                              std::size_t count) {
  std::vector<handled_message> found;
  std::unordered_map<span_id, std::uint64_t> ended; // message → how long it took
  for (auto at = what.events.rbegin(); at != what.events.rend() && found.size() < count; ++at) {
    const auto& event = at->event;
    if (what.name_of(event.actor) != actor)
      continue;
    if (event.kind == event_kind::handled || event.kind == event_kind::dropped)
      ended.emplace(event.span, event.value);
    if (event.kind != event_kind::received)
      continue;
    auto end = ended.find(event.span);
    found.push_back({event.time_ns, what.name_of(event.message), what.name_of(event.other),
                     event.value, end == ended.end() ? 0 : end->second, end != ended.end()});
  }
  std::ranges::reverse(found);
  return found;
}

} // namespace trace
