// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "raft/core_implementation.hpp"

/// Proposals as they come: refused, queued at a leader, or forwarded to it.
namespace raft {

propose_outcome core::implementation::propose(proposal what) {
  BASE_CHECK(what.kind == entry_kind::command, "only commands are proposed");
  BASE_CHECK(!is_origin(what.request), "INV-17: numbers from 2^63 on are the core's own");
  auto outcome = admit(what);
  if (!std::holds_alternative<accepted>(outcome))
    return outcome;
  if (!is_leader())
    return forward(std::move(what), leader_id());
  proposals.add(std::move(what));
  return outcome;
}

// Whether there is room for it, and somebody who takes it.
propose_outcome core::implementation::admit(const proposal& what) const {
  const auto* leading = std::get_if<roles::leader>(&role);
  if (leader_id() == server_id{}
      || (leading != nullptr && (leading->handing_over || state_is_lost)))
    return not_leader{};
  if (leading != nullptr && is_disk_full)
    return storage_full{};
  auto entries = proposals.in_flight() + forwarded.in_flight() + 1;
  auto bytes = proposals.bytes_in_flight() + forwarded.bytes_in_flight() + what.payload.size();
  if (entries > config.proposals_in_flight_max)
    return overloaded{config.proposals_in_flight_max, entries};
  if (bytes > config.proposal_bytes_in_flight_max)
    return overloaded{config.proposal_bytes_in_flight_max, bytes};
  return accepted{};
}

} // namespace raft
