// SPDX-License-Identifier: Apache-2.0
#include "http/collect_raft.hpp"

#include <algorithm>

namespace http {

void add_raft(family_builder& into, const health_input& seen) {
  static const actors::raft_status nothing{};
  const auto& raft = seen.raft ? *seen.raft : nothing;
  const auto& core = raft.core;
  into.gauge("aspen_current_leader", "Id of the leader this node knows; 0: none")
      .sample(core.leader.value);
  into.gauge("aspen_has_leader", "1 when a leader is known").sample(core.leader.value != 0);
  into.gauge("aspen_is_leader", "1 when this node leads")
      .sample(seen.raft && core.leader == seen.self);
  into.gauge("aspen_current_term", "Current term").sample(core.current_term.value);
  into.gauge("aspen_state", "1 for the role this node has");
  struct role {
    raft::role_name value;
    const char* name;
  };
  for (const auto& [value, name] :
       {role{raft::role_name::leader, "Leader"}, role{raft::role_name::follower, "Follower"},
        role{raft::role_name::candidate, "Candidate"}, role{raft::role_name::learner, "Learner"}}) {
    auto shown =
        core.role == raft::role_name::pre_candidate ? raft::role_name::candidate : core.role;
    into.sample(seen.raft && shown == value, {{"state", name}});
  }
  into.gauge("aspen_last_log_index", "Index of the log's last entry").sample(core.last_index.value);
  into.gauge("aspen_durable_index", "Index of the last entry on this disk")
      .sample(core.durable_index.value);
  into.gauge("aspen_commit_index", "Commit index").sample(core.commit_index.value);
  into.gauge("aspen_last_applied_index", "Index of the last applied entry")
      .sample(core.last_applied.value);
  into.gauge("aspen_snapshot_index", "Index the log begins after")
      .sample(core.first_index.value == 0 ? 0 : core.first_index.value - 1);
  into.gauge("aspen_apply_lag", "Committed entries not yet applied")
      .sample(core.commit_index.value - std::min(core.commit_index, core.last_applied).value);
  into.gauge("aspen_proposals_pending", "Proposed and not yet applied")
      .sample(core.proposals_in_flight);
  into.gauge("aspen_reads_waiting", "Reads that wait for their index").sample(core.reads_waiting);
  into.gauge("aspen_state_digest_index", "Newest index at which this node's state digest is known")
      .sample(core.digest ? core.digest->index.value : 0);
  into.gauge("aspen_state_digest_agreed_index",
             "Newest index at which a majority has one state digest, as the leader knows")
      .sample(core.digests_agreed.value);
  into.gauge("aspen_state_outvoted", "1 when a majority of the replicas has another state")
      .sample(core.outvoted.has_value()
              || find_violation(seen.supervisor.get(), outvoted_rule) != nullptr);
  into.counter("aspen_state_digest_alarms_total",
               "Indexes at which digests differed and no majority had one")
      .sample(raft.digest_alarms);
  into.gauge("aspen_log_entries_damaged", "Entries of the log to be repaired from a peer's")
      .sample(core.entries_damaged);
  into.counter("aspen_log_entries_repaired_total", "Entries repaired from a peer's")
      .sample(raft.entries_repaired);
  into.counter("aspen_leader_changes_total", "Changes of leader seen").sample(raft.leader_changes);
  into.counter("aspen_elections_total", "Elections this node called").sample(raft.elections);
  into.counter("aspen_proposals_committed_total", "Proposals committed")
      .sample(raft.proposals_committed);
  into.counter("aspen_proposals_failed_total", "Proposals refused or lost")
      .sample(raft.proposals_failed);
}

void add_peers(family_builder& into, const cluster_input& seen) {
  auto members = view_members(seen);
  std::erase_if(members, [](const member_view& each) { return each.is_self; });
  auto each_peer = [&](auto&& value_of) {
    for (const auto& each : members)
      if (auto value = value_of(each))
        into.sample(static_cast<double>(*value), {{"peer", std::to_string(each.id.value)}});
  };
  using optional = std::optional<double>;
  into.gauge("aspen_peers", "Other members of the newest configuration")
      .sample(static_cast<std::uint64_t>(members.size()));
  into.gauge("aspen_peer_reachable", "1 when the peer is linked and its Raft actor answers");
  each_peer([](const member_view& peer) { return optional(peer.is_reachable == true); });
  into.gauge("aspen_peer_match_index", "Last entry known to be durable on the peer");
  each_peer([](const member_view& peer) {
    return peer.match_index ? optional(static_cast<double>(peer.match_index->value)) : optional();
  });
  into.gauge("aspen_peer_lag_entries", "Entries the peer does not hold durably");
  each_peer([](const member_view& peer) {
    return peer.lag ? optional(static_cast<double>(*peer.lag)) : optional();
  });
  into.gauge("aspen_peer_round_trip_seconds", "Of the newest ping that was answered");
  each_peer([](const member_view& peer) {
    return peer.round_trip ? optional(std::chrono::duration<double>(*peer.round_trip).count())
                           : optional();
  });
  into.gauge("aspen_peer_outbound_bytes", "Bytes that wait to be sent to the peer");
  each_peer(
      [](const member_view& peer) { return optional(static_cast<double>(peer.bytes_waiting)); });
  into.counter("aspen_peer_messages_dropped_total", "Messages for the peer that were not sent");
  each_peer(
      [](const member_view& peer) { return optional(static_cast<double>(peer.messages_dropped)); });
  into.counter("aspen_peer_reconnects_total", "Links to the peer made after the first");
  each_peer([](const member_view& peer) { return optional(static_cast<double>(peer.reconnects)); });
}

} // namespace http
