// SPDX-License-Identifier: Apache-2.0
#include "raft/ready.hpp"

namespace raft {

bool ready::empty() const {
  return events.empty() && send_now.empty() && !persist && send_after_persist.empty()
         && proposals.empty() && reads.empty() && !apply && !log_read && !compact
         && snapshots_to_send.empty() && !install && !outvoted && !repair && !log_is_whole
         && !start_apply_timer;
}

} // namespace raft
