// SPDX-License-Identifier: Apache-2.0
#include "raft/core_implementation.hpp"

/// A disk that cannot follow must not hold up the cluster: its server does not lead.
namespace raft {

// A persist that takes longer than an election holds up everybody (thesis 3.9's timing).
bool core::implementation::is_disk_in_trouble() const {
  return is_disk_full || persisting_ticks > config.election_timeout_ticks_max;
}

void core::implementation::tick_disk() {
  persisting_ticks = persisting ? persisting_ticks + 1 : 0;
  if (is_disk_in_trouble())
    give_up_lead();
}

void core::implementation::disk_full(bool is_full) {
  is_disk_full = is_full;
  if (is_full)
    give_up_lead();
  settle();
}

// Whoever is alone stays: stepping down would end its reads as well.
void core::implementation::give_up_lead() {
  if (!is_leader() || is_sole_voter())
    return;
  emit(event::kind::disk_gave_up_lead, log.last().index);
  hand_over_at_once();
  become_follower(current_term, {});
}

} // namespace raft
