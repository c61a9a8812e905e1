// SPDX-License-Identifier: Apache-2.0
#include "actors/raft_actor_state.hpp"
#include "base/log.hpp"

namespace actors {

namespace {

constexpr auto target = "aspen::raft";

constexpr std::size_t waiting_changes_max = 16;

failure refused(failure_code code, std::string_view reason, std::string text) {
  failure why{code, commit_status::no, std::move(text), 0, 0, {}, reason};
  if (code == failure_code::conflict)
    why.retry_after = std::chrono::seconds(1);
  return why;
}

/// What an operator is told; `leader` answers for `not_leader`.
failure explain(const raft::membership_refused& what, failure leader) {
  using enum raft::membership_refusal;
  auto numbers = std::to_string(what.actual) + " of " + std::to_string(what.limit);
  switch (what.why) {
  case not_leader: return leader;
  case storage_full: return refused(failure_code::storage_full, {}, "the leader's disk is full");
  case change_in_progress:
    return refused(failure_code::conflict, "change_in_progress",
                   "the last change of the membership is not committed yet");
  case no_own_commit:
    return refused(failure_code::conflict, "leader_too_new",
                   "the leader has not committed anything in its term yet");
  case unknown_member:
    return refused(failure_code::unknown_member, {}, "there is no such member, or no such learner");
  case already_member:
    return refused(failure_code::conflict, "member_exists",
                   "the server, or another at its address, is a member already");
  case learner_lags:
    return refused(failure_code::unmet, "lagging",
                   "the learner is " + std::to_string(what.actual)
                       + " entries behind; allowed: " + std::to_string(what.limit));
  case unreachable:
    return refused(failure_code::unmet, "unreachable", "the server did not answer lately");
  case quorum_would_be_lost:
    return refused(failure_code::conflict, "quorum_would_be_lost",
                   "only " + numbers + " voters that would be needed can be reached");
  }
  return leader;
}

failure explain(const raft::transfer_refused& what, failure leader) {
  using enum raft::transfer_refusal;
  switch (what.why) {
  case not_leader: return leader;
  case in_progress:
    return refused(failure_code::conflict, "transfer_in_progress",
                   "leadership is on its way to another node already");
  case no_voter:
    return refused(failure_code::conflict, "no_such_voter",
                   "leadership goes to another voter only, and there is none of that id");
  case unreachable:
    return refused(failure_code::unmet, "unreachable", "the server did not answer lately");
  }
  return leader;
}

} // namespace

void raft_actor::on_links_ready(const links_ready& what) {
  if (what.life != life_)
    return;
  way_ = what.way;
  links_ = caf::actor_cast<peer_links_handle>(current_sender());
  tell_peer_links();
}

void raft_actor::on_peer_spoke(const peer_spoke& what) {
  if (what.life != life_ || !core_)
    return;
  contacts_.heard(what.from.id, now());
  core_->wall_clock(settings_.wall_clock_ms());
  tell_time(false);
  trace_peer(trace::event_kind::rpc_received, "came from peer", what.from.id, what.what->body);
  core_->step(what.from, std::move(what.what->body));
  perform();
}

// -- membership and transfer: the leader's alone --------------------------------------

void raft_actor::on_cluster_request(const cluster_request& what) {
  if (!core_ || status_.core.role != raft::role_name::leader)
    return what.reply.refuse(not_leading());
  auto until = now() + settings_.tick_interval * settings_.core.election_timeout_ticks_min;
  if (auto* admitted = std::get_if<add_member>(&what.what))
    add(*admitted, what.reply);
  else if (auto* promoted = std::get_if<promote_member>(&what.what))
    change({raft::promote_learner{promoted->id}, what.reply, until});
  else if (auto* removed = std::get_if<remove_member>(&what.what))
    change({raft::remove_member{removed->id}, what.reply, until});
  else
    transfer(std::get<transfer_leadership>(what.what).to, what.reply);
}

failure raft_actor::not_leading() const {
  auto leader = status_.core.leader;
  if (leader == raft::server_id{} || leader == settings_.core.self)
    return no_leader();
  return {failure_code::leader_elsewhere,
          commit_status::no,
          "node " + std::to_string(leader.value) + " leads; ask it",
          0,
          0,
          {},
          {}};
}

/// First it has to answer: a member that cannot be reached would only cost votes (INV-99).
void raft_actor::add(const add_member& what, reply_to<cluster_changed> reply) {
  if (!links_)
    return reply.refuse(no_leader());
  if (what.id == settings_.core.self)
    return reply.refuse(
        refused(failure_code::conflict, "member_exists", "that is the leader itself"));
  request(links_, caf::infinite, find_member{what.id, what.raft_addr})
      .then([this,
             reply](member_found& found) { change({raft::add_learner{found.who}, reply, now()}); },
            [this, reply](caf::error& why) {
              reply.refuse(refused(failure_code::unmet, "unreachable", system().render(why)));
            });
}

void raft_actor::change(waiting_change asked) {
  auto number = ledger_.take_number();
  // From here on the change may happen; an asker who has left was told that it will not.
  if (!asked.reply.set_stage(commit_status::unknown))
    return;
  auto outcome = core_->propose_membership(number, asked.what);
  auto* no = std::get_if<raft::membership_refused>(&outcome);
  if (no == nullptr) {
    changes_.emplace(number, std::move(asked.reply));
    return perform();
  }
  asked.reply.set_stage(commit_status::no);
  using enum raft::membership_refusal;
  bool may_pass = no->why == quorum_would_be_lost || no->why == unreachable;
  if (may_pass && now() < asked.until && waiting_changes_.size() < waiting_changes_max)
    waiting_changes_.push_back(std::move(asked));
  else
    asked.reply.refuse(explain(*no, not_leading()));
}

void raft_actor::retry_changes() {
  for (auto& each : std::exchange(waiting_changes_, {}))
    change(std::move(each));
}

bool raft_actor::settle_change(raft::request_id request, const answer<cluster_changed>& outcome) {
  auto found = changes_.extract(request);
  if (found.empty())
    return false;
  found.mapped().answer_with(outcome);
  return true;
}

void raft_actor::transfer(raft::server_id to, reply_to<cluster_changed> reply) {
  auto outcome = core_->transfer_leadership(to);
  if (auto* no = std::get_if<raft::transfer_refused>(&outcome)) {
    bool leads_already = to == settings_.core.self && no->why == raft::transfer_refusal::no_voter;
    if (leads_already)
      return reply.answer_with(cluster_changed{status_.core.membership, to, {}});
    return reply.refuse(explain(*no, not_leading()));
  }
  transfer_ = std::move(reply);
  perform();
}

void raft_actor::settle_transfer(const answer<cluster_changed>& outcome) {
  if (transfer_)
    std::exchange(transfer_, std::nullopt)->answer_with(outcome);
}

void raft_actor::hand_leadership_over() {
  if (!core_ || status_.core.role != raft::role_name::leader)
    return;
  auto outcome = core_->transfer_leadership({});
  if (!std::holds_alternative<raft::accepted>(outcome))
    base::log::warn(target, "nobody could take over leadership");
  perform();
}

void raft_actor::tell_peer_links() {
  if (!links_)
    return;
  auto wanted = spoken_with();
  if (wanted == told_members_)
    return;
  told_members_ = std::move(wanted);
  contacts_.keep(told_members_);
  send(links_, talk_to{life_, std::make_shared<raft::membership>(told_members_), members_index_});
}

/// As of the last tick: what is shown is a little older than what is.
void raft_actor::note_contacts() {
  const auto& core = status_.core;
  status_.heard.clear();
  auto add = [this](const std::vector<raft::member>& some) {
    for (const auto& each : some)
      if (auto last = contacts_.last(each.id))
        status_.heard.emplace_back(each.id, *last);
  };
  add(core.membership.voters);
  add(core.membership.learners);
  if (core.role == raft::role_name::leader)
    status_.in_touch = contacts_.quorum(core.membership, settings_.core.self, now());
  else if (auto last = contacts_.last(core.leader))
    status_.in_touch = last;
}

} // namespace actors
