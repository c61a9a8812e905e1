// SPDX-License-Identifier: Apache-2.0
#include "storage/log_seed.hpp"

#include "raft/membership.hpp"

namespace storage {

log_seed genesis_seed(const storage::identity& who, const raft::membership& members) {
  log_seed seed;
  seed.identity = who;
  seed.snapshot.chain = raft::chain_seed(who.cluster_id);
  if (members.voters.empty())
    return seed;
  seed.entries.push_back(raft::founding_entry(who.cluster_id, members));
  seed.hard_state.commit_index = seed.entries.front().id.index;
  return seed;
}

log_seed continuing_seed(const storage::identity& who, const raft::snapshot_point& snapshot) {
  log_seed seed;
  seed.identity = who;
  seed.hard_state = {snapshot.id.term, raft::server_id{}, snapshot.id.index};
  seed.snapshot = snapshot;
  return seed;
}

log_outline outline_of(const log_seed& seed) {
  log_state empty;
  empty.identity = seed.identity;
  empty.snapshot = seed.snapshot;
  empty.hard_state = {seed.snapshot.id.term, raft::server_id{}, seed.snapshot.id.index};
  empty.checkpoint_started = seed.snapshot.id.index;
  empty.checkpoint_completed = seed.snapshot.id.index;
  empty.last = seed.snapshot.id;
  empty.last_chain = seed.snapshot.chain;
  log_outline outline(std::move(empty), {});
  log_batch first{seed.entries, std::nullopt, seed.hard_state};
  outline.check_append(first, seed.snapshot.chain);
  outline.appended(first, seed.snapshot.chain);
  return outline;
}

} // namespace storage
