// SPDX-License-Identifier: Apache-2.0
#include "raft/core_implementation.hpp"
#include "raft/planted_bug.hpp"

/// Leader leases (thesis 6.4.1), off unless configured: whoever answered a heartbeat votes
/// for nobody else within the minimum election timeout, so that reads need no round while a
/// quorum's answers are young enough. Ticks count time; drift is what they may be wrong by.
namespace raft {

// Begins a tick: what is sent from here on is younger.
void core::implementation::tick_lease(roles::leader& self) {
  if (!config.leases_enabled)
    return;
  self.first_sent.push_back({self.sent_count + 1, self.ticks});
  if (self.first_sent.size() > config.election_timeout_ticks_min)
    self.first_sent.pop_front();
}

void core::implementation::extend_lease(const roles::leader& self, progress& peer,
                                        std::uint64_t number) const {
  if (ASPEN_PLANTED(lease_from_arrival))
    number = self.sent_count;
  for (auto each = self.first_sent.rbegin(); each != self.first_sent.rend(); ++each)
    if (each->number <= number) {
      peer.acked_tick = std::max(peer.acked_tick, each->tick);
      return;
    }
}

// A message of tick t left at most `ticks - t + 1` ticks ago; its receiver refuses to vote
// for at least the minimum timeout less one tick, as its own tick may come right after.
bool core::implementation::has_lease() const {
  const auto* self = std::get_if<roles::leader>(&role);
  if (!config.leases_enabled || self == nullptr || self->gave_up_lease)
    return false;
  return is_quorum(members(), [&](const member& each) {
    const auto* peer = peer_of(*self, each);
    return each.is(this->self())
           || (peer != nullptr && peer->acked_tick > 0
               && self->ticks - peer->acked_tick + 2 + config.clock_drift_ticks
                      <= config.election_timeout_ticks_min
                             * (ASPEN_PLANTED(lease_too_long) ? 3 : 1));
  });
}

} // namespace raft
