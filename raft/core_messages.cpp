// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "raft/core_implementation.hpp"

/// Replies leave only after what they say is durable: term and vote (thesis 3.3, 3.4)
/// and the entries they accept (3.5).
namespace raft {

void core::implementation::send(server_id to, message body) {
  outbox.push_back({to, std::move(body)});
}

void core::implementation::send_when_durable(server_id to, message body, log_index needs_index) {
  // A repeated request while the disk is slow must not pile up repeated answers.
  bool is_repeated = std::holds_alternative<request_vote_reply>(body)
                     || std::holds_alternative<append_entries_reply>(body)
                     || std::holds_alternative<request_vote>(body);
  auto same = std::find_if(held.begin(), held.end(), [&](const held_message& each) {
    return is_repeated && each.what.to == to && each.what.body.index() == body.index()
           && each.needs_version == version && each.needs_index == needs_index;
  });
  if (same != held.end())
    same->what.body = std::move(body);
  else
    held.push_back({{to, std::move(body)}, version, needs_index});
}

void core::implementation::hand_over_messages(ready& out) {
  out.send_now = std::exchange(outbox, {});
  std::vector<held_message> kept;
  for (auto& each : held) {
    if (each.needs_version <= durable_version && each.needs_index <= log.durable_index())
      out.send_now.push_back(std::move(each.what));
    else if (persisting && each.needs_version <= persisting->version
             && each.needs_index <= log.handed_index())
      out.send_after_persist.push_back(std::move(each.what));
    else
      kept.push_back(std::move(each));
  }
  held = std::move(kept);
}

} // namespace raft
