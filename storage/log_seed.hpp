// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "raft/types.hpp"
#include "storage/log_outline.hpp"
#include "storage/log_store.hpp"

namespace storage {

/// What a new log store begins with.
struct log_seed {
  storage::identity identity;
  raft::hard_state hard_state;
  raft::snapshot_point snapshot;    ///< also both checkpoint marks
  std::vector<raft::entry> entries; ///< right above the snapshot point
};

/// The seed of a cluster's first log: nothing before index 1, and `members` as the
/// committed entry 1 of term 0, because the configuration is the first entry of every log
/// (thesis 4.4). Equal on every founding server. Without voters (a server that waits to be
/// admitted) the log is empty.
log_seed genesis_seed(const storage::identity& who, const raft::membership& members);

/// The seed of a log that continues from a state: what a restored backup gets. The
/// state is that of `snapshot`; `current_term` is at least the snapshot's.
log_seed continuing_seed(const storage::identity& who, const raft::snapshot_point& snapshot);

/// The outline of a store that holds just `seed`, written in one transaction. Throws
/// unless it keeps INV-30 to INV-36.
log_outline outline_of(const log_seed& seed);

} // namespace storage
