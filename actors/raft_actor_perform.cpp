// SPDX-License-Identifier: Apache-2.0
#include <iterator>

#include "actors/raft_actor_state.hpp"
#include "base/limits.hpp"
#include "base/log.hpp"
#include "storage/digest_text.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::raft";

} // namespace

// -- outputs: everything the core asks for, in the order of `ready` ------------------

void raft_actor::perform() {
  answer_batch together;
  auto reads = std::make_shared<std::vector<pooled_read>>();
  for (auto owed = core_->take_ready(); !owed.empty(); owed = core_->take_ready()) {
    for (const auto& event : owed.events)
      record(event);
    send_to_peers(std::move(owed.send_now));
    if (owed.persist)
      send_persist(std::move(*owed.persist));
    std::move(owed.send_after_persist.begin(), owed.send_after_persist.end(),
              std::back_inserter(after_persist_));
    for (const auto& answer : owed.proposals)
      std::visit([this](const auto& what) { settle(what); }, answer);
    for (const auto& answer : owed.reads)
      settle_read(answer, *reads);
    if (owed.apply)
      send_apply(std::move(*owed.apply));
    if (owed.log_read)
      send(others_.log_writer, read_log{life_, *owed.log_read});
    if (owed.compact)
      send(others_.log_writer, compact_log{life_, owed.compact->up_to});
    send_snapshots(owed.snapshots_to_send);
    if (owed.install)
      send(others_.storage_writer, install_pending{life_});
    if (owed.repair) {
      status_.entries_repaired += owed.repair->entries.size();
      send(others_.log_writer, repair_log{life_, std::make_shared<std::vector<raft::entry>>(
                                                     std::move(owed.repair->entries))});
    }
    if (owed.log_is_whole)
      begin_on_whole_log();
    if (owed.outvoted)
      end_outvoted(*owed.outvoted);
    if (owed.start_apply_timer)
      delayed_send(this, std::chrono::milliseconds(base::limits::apply_delay_ms), apply_timer{});
  }
  if (!reads->empty())
    send(others_.reader_pool, read_batch{std::move(reads)});
  publish();
}

void raft_actor::send_persist(raft::persist_request what) {
  auto batch = std::make_shared<storage::log_batch>();
  batch->entries = std::move(what.entries);
  batch->truncate_from = what.truncate_from;
  batch->hard_state = what.state;
  send(others_.log_writer, persist{life_, std::move(batch)});
}

/// What has no way is lost, as on any network: the protocol repeats what matters.
void raft_actor::send_to_peers(std::vector<raft::outgoing_message> all) {
  if (!way_)
    return;
  for (auto& each : all) {
    trace_peer(trace::event_kind::rpc_sent, "sent to peer", each.to, each.body);
    way_->send(each.to, std::move(each.body));
  }
}

void raft_actor::send_apply(raft::apply_request what) {
  auto entries = std::make_shared<std::vector<raft::entry>>(std::move(what.entries));
  send(others_.storage_writer,
       apply{life_, std::move(entries), {write_counter_, core_->status().durable_commit_index}});
}

/// The core does nothing any more; clients hear so when the group ends.
void raft_actor::end_outvoted(const raft::state_outvote& what) {
  base::log::error(target, "state digest differs from a majority of the replicas; fenced",
                   {{"index", what.own.index.value},
                    {"digest", storage::digest_hex(what.own)},
                    {"majority", storage::digest_hex(what.majority)}});
  send(others_.storage_writer, record_outvoted{life_, what});
}

void raft_actor::settle(const raft::proposal_appended& what) {
  ledger_.on_appended(what.request, what.id);
}

void raft_actor::settle(const raft::proposal_committed& what) {
  if (changes_.contains(what.request)) {
    settle_change(what.request,
                  cluster_changed{core_->status().membership, settings_.core.self, what.id.index});
    return;
  }
  ++status_.proposals_committed;
  committed_(ledger_.trace_of(what.request), what.id.index.value);
  if (auto accepted_ns = ledger_.on_committed(what.request, what.id); accepted_ns != 0)
    context_.metrics->commit_duration_seconds.Observe(static_cast<double>(now_ns() - accepted_ns)
                                                      / 1e9);
}

void raft_actor::settle(const raft::proposal_dropped& what) {
  if (settle_change(what.request, tl::unexpected(no_leader())))
    return;
  ++status_.proposals_failed;
  ledger_.on_dropped(what.request);
}

void raft_actor::settle(const raft::proposal_refused& what) {
  ++status_.proposals_failed;
  ledger_.refuse_write(what.request, refusal_of(what.why));
}

void raft_actor::settle(const raft::proposal_unknown& what) {
  failure lost{failure_code::timeout,
               commit_status::unknown,
               "this node stopped leading before the change was committed",
               0,
               0,
               {}};
  if (settle_change(what.request, tl::unexpected(lost)))
    return;
  ++status_.proposals_failed;
  ledger_.refuse_write(what.request, {failure_code::timeout, commit_status::unknown,
                                      "what became of the write is not known here"});
}

void raft_actor::settle_read(const raft::read_answer& answer, std::vector<pooled_read>& confirmed) {
  if (auto* dropped = std::get_if<raft::read_dropped>(&answer))
    return ledger_.refuse_read(dropped->request, no_leader());
  const auto& at = std::get<raft::read_confirmed>(answer);
  auto read = ledger_.take_read(at.request);
  if (!read.reply)
    return;
  if (read.min_index > at.index) {
    auto index = read.min_index;
    auto request = ledger_.add_read(std::move(read));
    settle_unless_accepted(request, core_->wait_applied(request, index));
  } else
    confirmed.push_back({std::move(read.what), read.trace, std::move(read.reply), now_ns()});
}

void raft_actor::record(const raft::event& event) {
  using kind = raft::event::kind;
  trace_event(event);
  auto line = [&event](const char* text) {
    base::log::info(target, text, {{"term", event.term.value}, {"index", event.index.value}});
  };
  switch (event.what) {
  case kind::became_follower: return line("became follower");
  case kind::became_pre_candidate: return line("became pre-candidate");
  case kind::became_candidate: ++status_.elections; return line("became candidate");
  case kind::became_learner: return line("became learner");
  case kind::became_leader: return line("became leader");
  case kind::membership_changed: members_index_ = event.index; return line("membership changed");
  case kind::entries_truncated:
    if (members_index_ >= event.index) // which one is in force now is not told: a lower bound
      members_index_ = raft::log_index{1};
    return line("entries truncated");
  case kind::peer_diverged: return line("a peer's log diverged from this one");
  case kind::peer_rolled_back:
    return line("a peer lost entries it had acknowledged; it is no longer spoken to");
  case kind::transfer_abandoned:
    settle_transfer(tl::unexpected(failure{failure_code::conflict, commit_status::no,
                                           "the target did not take over in time", 0, 0,
                                           std::chrono::seconds(1), "transfer_abandoned"}));
    return line("leadership was not taken over");
  case kind::disk_gave_up_lead: return line("giving up leadership: the disk is full or stalls");
  case kind::snapshot_installed: return line("a snapshot replaced the state");
  case kind::entries_repaired: return line("damaged entries were repaired from a peer");
  case kind::digests_differ:
    ++status_.digest_alarms;
    base::log::error(target, "state digests differ, and no majority of the replicas has one",
                     {{"index", event.index.value}});
    return;
  case kind::peer_outvoted:
    base::log::error(target, "a peer's state digest differs from the majority's; it is fenced",
                     {{"index", event.index.value}});
    return;
  case kind::became_outvoted: // said with both digests
  case kind::commit_advanced: return;
  }
}

void raft_actor::publish() {
  auto leader_before = status_.core.leader;
  auto led =
      status_.core.role == raft::role_name::leader && status_.core.transfer_to == raft::server_id{};
  status_.core = core_->status();
  if (led && status_.core.role != raft::role_name::leader)
    ++status_.leaderships_lost;
  auto leader = status_.core.leader;
  if (leader != leader_before && leader != raft::server_id{})
    ++status_.leader_changes;
  if (status_.core.role != raft::role_name::leader)
    status_.leading_since.reset();
  else if (!status_.leading_since)
    status_.leading_since = now();
  if (transfer_ && leader != settings_.core.self && leader != raft::server_id{})
    settle_transfer(cluster_changed{status_.core.membership, leader, {}});
  tell_peer_links();
  learn_voters();
  context_.board->publish(status_);
}

} // namespace actors
