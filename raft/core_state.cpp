// SPDX-License-Identifier: Apache-2.0
#include "raft/core_state.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace raft {

namespace {

void check_config(const core_config& config) {
  BASE_CHECK(config.self != server_id{}, "server id zero stands for nobody");
  BASE_CHECK(!config.boot.is_nil(), "INV-18: every life of a process has a name of its own");
  BASE_CHECK(config.heartbeat_ticks > 0
                 && config.heartbeat_ticks < config.election_timeout_ticks_min
                 && config.election_timeout_ticks_min <= config.election_timeout_ticks_max,
             "heartbeats are more frequent than elections (thesis 3.9)");
}

void check_recovered(const core_config& config, const recovered_state& recovered) {
  auto first_possible = recovered.snapshot.id.index;
  BASE_CHECK(recovered.state.current_term >= recovered.last.term,
             "INV-01: no entry is newer than the current term");
  BASE_CHECK(recovered.state.commit_index <= recovered.last.index
                 && recovered.state.commit_index >= first_possible,
             "INV-04: the commit index lies inside the log");
  auto pending = recovered.pending_install ? recovered.pending_install->id.index : log_index{};
  BASE_CHECK(recovered.last_applied <= std::max(recovered.state.commit_index, pending),
             "INV-06: only committed entries were applied");
  BASE_CHECK(recovered.last_applied >= first_possible || recovered.state_is_lost,
             "INV-09: what is compacted was applied here");
  BASE_CHECK(!recovered.state_is_lost || recovered.last_applied == log_index{},
             "INV-25: without a state machine nothing is applied");
  for (const auto& run : recovered.damaged)
    BASE_CHECK(run.first > first_possible && run.first <= run.last
                   && run.last <= recovered.state.commit_index,
               "INV-28: only committed entries of the log are repaired");
  BASE_CHECK(!recovered.digest || recovered.digest->index <= recovered.last_applied,
             "INV-27: a digest is of what was applied");
  if (first_possible == log_index{0})
    BASE_CHECK(recovered.snapshot.id.term == term{0}
                   && recovered.snapshot.chain == chain_seed(config.cluster_id),
               "INV-07: a whole log is chained from the cluster's seed");
}

core_config checked(core_config config, const recovered_state& recovered) {
  check_config(config);
  check_recovered(config, recovered);
  return config;
}

} // namespace

core_state::core_state(core_config config_given, recovered_state recovered,
                       random_source random_given)
  : config(checked(std::move(config_given), recovered)), random(std::move(random_given)),
    current_term(recovered.state.current_term), voted_for(recovered.state.voted_for),
    commit_index(recovered.state.commit_index), durable_state(recovered.state),
    log(recovered.snapshot, recovered.last, recovered.last_chain, recovered.term_starts),
    history({recovered.snapshot.id.index, recovered.snapshot.membership},
            std::move(recovered.memberships)),
    recovered_term(recovered.state.current_term),
    last_applied(std::min(recovered.last_applied, commit_index)),
    install(std::move(recovered.pending_install)),
    // A whole log replays by itself.
    state_is_lost(recovered.state_is_lost && recovered.snapshot.id.index > log_index{}) {
  damaged = std::move(recovered.damaged);
  is_damaged = !damaged.empty();
  if (recovered.digest && !state_is_lost)
    digests.add(*recovered.digest);
}

} // namespace raft
