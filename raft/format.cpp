// SPDX-License-Identifier: Apache-2.0
#include "raft/format.hpp"

#include <algorithm>

#include "raft/overloaded_set.hpp"

namespace raft {

namespace {

template <class Tag>
std::string number(const base::tagged_id<Tag>& id) {
  return std::to_string(id.value);
}

std::string ids_of(const std::vector<member>& members) {
  std::string text;
  for (const auto& each : members)
    text += (text.empty() ? "" : ",") + number(each.id);
  return text;
}

std::string payload_text(const payload& content) {
  constexpr std::size_t shown_bytes_max = 24;
  const auto& bytes = content.bytes();
  bool is_short_text =
      bytes.size() <= shown_bytes_max && std::all_of(bytes.begin(), bytes.end(), [](char byte) {
        return byte > 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
      });
  return is_short_text ? "\"" + bytes + "\"" : std::to_string(bytes.size()) + " bytes";
}

// Longer runs are shown by their ends, so that a transcript stays readable.
constexpr std::size_t listed_max = 8;

std::string entries_text(const std::vector<entry>& entries) {
  if (entries.empty())
    return "none";
  if (entries.size() > listed_max)
    return std::to_string(entries.size()) + " entries " + to_string(entries.front()) + " .. "
           + to_string(entries.back());
  std::string text;
  for (const auto& each : entries)
    text += (text.empty() ? "" : ", ") + to_string(each);
  return text;
}

std::string outcome_text(const append_entries_reply& reply) {
  return std::visit(
      overloaded_set{
          [](const append_accepted& each) { return "accepted match=" + number(each.match_index); },
          [](const append_conflict& each) {
            return "conflict rejected=" + number(each.rejected) + " hint=" + to_string(each.hint);
          },
          [](const append_diverged& each) { return "diverged at=" + to_string(each.at); },
      },
      reply.outcome);
}

std::string refusal_text(const not_leader& each) {
  return "not_leader leader=" + number(each.leader);
}

std::string refusal_text(const overloaded& each) {
  return "overloaded limit=" + std::to_string(each.limit)
         + " actual=" + std::to_string(each.actual);
}

std::string refusal_text(const storage_full&) {
  return "storage_full";
}

std::string outcome_text(const forward_proposal_reply& reply) {
  if (const auto* placed = std::get_if<proposal_placed>(&reply.outcome))
    return "placed at " + to_string(placed->id);
  return std::visit(overloaded_set{[](const proposal_placed&) { return std::string(); },
                                   [](const auto& each) { return refusal_text(each); }},
                    reply.outcome);
}

std::string round_text(std::uint64_t round) {
  return round == 0 ? "" : " read_round=" + std::to_string(round);
}

// "index:lanes", of a digest that fits one lane its number alone.
std::string digest_text(const digest_point& point) {
  auto text = number(point.index) + ":" + std::to_string(point.lanes[0]);
  for (std::size_t lane = 1; lane < point.lanes.size(); ++lane)
    if (point.lanes[lane] != 0)
      text += "," + std::to_string(point.lanes[lane]);
  return text;
}

std::string vote_text(const request_vote& request) {
  return "request_vote term=" + number(request.term) + " last=" + to_string(request.last)
         + (request.is_pre_vote ? " pre_vote" : "") + (request.is_transfer ? " transfer" : "");
}

std::string append_text(const append_entries& request) {
  return "append_entries term=" + number(request.term) + " previous=" + to_string(request.previous)
         + " leader_commit=" + number(request.leader_commit) + round_text(request.read_round)
         + " entries: " + entries_text(request.entries);
}

// "1000 appended at 9/1".
std::string answer_text(const proposal_answer& answer) {
  return std::visit(
      overloaded_set{
          [](const proposal_appended& each) {
            return std::to_string(each.request) + " appended at " + to_string(each.id);
          },
          [](const proposal_committed& each) {
            return std::to_string(each.request) + " committed at " + to_string(each.id);
          },
          [](const proposal_dropped& each) { return std::to_string(each.request) + " dropped"; },
          [](const proposal_refused& each) {
            return std::to_string(each.request) + " refused: " + to_string(each.why);
          },
          [](const proposal_unknown& each) { return std::to_string(each.request) + " unknown"; },
      },
      answer);
}

// One line each; long runs of one kind by their ends.
std::string answers_text(const std::vector<proposal_answer>& answers) {
  std::string text;
  for (std::size_t first = 0; first < answers.size();) {
    auto end = first;
    while (end < answers.size() && answers[end].index() == answers[first].index())
      ++end;
    if (end - first > listed_max)
      text += std::to_string(end - first) + " proposals " + answer_text(answers[first]) + " .. "
              + answer_text(answers[end - 1]) + "\n";
    else
      for (auto i = first; i < end; ++i)
        text += "proposal " + answer_text(answers[i]) + "\n";
    first = end;
  }
  return text;
}

std::string answer_text(const read_answer& answer) {
  if (const auto* confirmed = std::get_if<read_confirmed>(&answer))
    return "read " + std::to_string(confirmed->request) + " confirmed at "
           + number(confirmed->index);
  return "read " + std::to_string(std::get<read_dropped>(answer).request) + " dropped";
}

std::string persist_text(const persist_request& request) {
  auto text = "persist " + to_string(request.state);
  if (request.truncate_from)
    text += " truncate_from=" + number(*request.truncate_from);
  return text + " entries: " + entries_text(request.entries);
}

} // namespace

std::string_view to_string(role_name role) {
  switch (role) {
  case role_name::follower: return "follower";
  case role_name::pre_candidate: return "pre_candidate";
  case role_name::candidate: return "candidate";
  case role_name::leader: return "leader";
  case role_name::learner: return "learner";
  }
  return "unknown";
}

std::string_view to_string(entry_kind kind) {
  switch (kind) {
  case entry_kind::no_op: return "no_op";
  case entry_kind::membership: return "membership";
  case entry_kind::command: return "command";
  }
  return "unknown";
}

std::string_view to_string(event::kind what) {
  switch (what) {
  case event::kind::became_follower: return "became_follower";
  case event::kind::became_pre_candidate: return "became_pre_candidate";
  case event::kind::became_candidate: return "became_candidate";
  case event::kind::became_leader: return "became_leader";
  case event::kind::became_learner: return "became_learner";
  case event::kind::commit_advanced: return "commit_advanced";
  case event::kind::membership_changed: return "membership_changed";
  case event::kind::entries_truncated: return "entries_truncated";
  case event::kind::peer_diverged: return "peer_diverged";
  case event::kind::peer_rolled_back: return "peer_rolled_back";
  case event::kind::transfer_abandoned: return "transfer_abandoned";
  case event::kind::disk_gave_up_lead: return "disk_gave_up_lead";
  case event::kind::snapshot_installed: return "snapshot_installed";
  case event::kind::digests_differ: return "digests_differ";
  case event::kind::peer_outvoted: return "peer_outvoted";
  case event::kind::entries_repaired: return "entries_repaired";
  case event::kind::became_outvoted: return "became_outvoted";
  }
  return "unknown";
}

std::string_view to_string(progress::mode mode) {
  switch (mode) {
  case progress::mode::probe: return "probe";
  case progress::mode::replicate: return "replicate";
  case progress::mode::needs_snapshot: return "needs_snapshot";
  case progress::mode::fenced: return "fenced";
  }
  return "unknown";
}

std::string_view to_string(membership_refusal why) {
  switch (why) {
  case membership_refusal::not_leader: return "not_leader";
  case membership_refusal::storage_full: return "storage_full";
  case membership_refusal::change_in_progress: return "change_in_progress";
  case membership_refusal::no_own_commit: return "no_own_commit";
  case membership_refusal::unknown_member: return "unknown_member";
  case membership_refusal::already_member: return "already_member";
  case membership_refusal::learner_lags: return "learner_lags";
  case membership_refusal::unreachable: return "unreachable";
  case membership_refusal::quorum_would_be_lost: return "quorum_would_be_lost";
  }
  return "unknown";
}

std::string_view to_string(transfer_refusal why) {
  switch (why) {
  case transfer_refusal::not_leader: return "not_leader";
  case transfer_refusal::in_progress: return "in_progress";
  case transfer_refusal::no_voter: return "no_voter";
  case transfer_refusal::unreachable: return "unreachable";
  }
  return "unknown";
}

std::string to_string(const entry_id& id) {
  return number(id.index) + "/" + number(id.term);
}

std::string to_string(const entry& what) {
  auto text = to_string(what.id) + " " + std::string(to_string(what.kind));
  if (membership members;
      what.kind == entry_kind::membership && decode(what.payload.bytes(), members))
    return text + " " + to_string(members);
  return what.payload.size() == 0 ? text : text + " " + payload_text(what.payload);
}

std::string to_string(const hard_state& state) {
  return "term=" + number(state.current_term) + " vote=" + number(state.voted_for)
         + " commit=" + number(state.commit_index);
}

std::string to_string(const membership& members) {
  auto text = "voters=" + ids_of(members.voters);
  if (members.is_joint())
    text += " outgoing=" + ids_of(members.outgoing_voters);
  if (!members.learners.empty())
    text += " learners=" + ids_of(members.learners);
  return text;
}

std::string to_string(const message& body) {
  return std::visit(
      overloaded_set{
          [](const request_vote& each) { return vote_text(each); },
          [](const request_vote_reply& each) {
            return "request_vote_reply term=" + number(each.term)
                   + (each.is_granted ? " granted" : " refused")
                   + (each.is_pre_vote ? " pre_vote" : "");
          },
          [](const append_entries& each) { return append_text(each); },
          [](const append_entries_reply& each) {
            return "append_entries_reply term=" + number(each.term) + " " + outcome_text(each)
                   + round_text(each.read_round)
                   + (each.state_machine_is_lost ? " state_machine_is_lost" : "")
                   + (each.digest ? " digest=" + digest_text(*each.digest) : "");
          },
          [](const forward_proposal& each) {
            return "forward_proposal term=" + number(each.term)
                   + " number=" + std::to_string(each.number) + " " + payload_text(each.payload);
          },
          [](const forward_proposal_reply& each) {
            return "forward_proposal_reply term=" + number(each.term)
                   + " number=" + std::to_string(each.number) + " " + outcome_text(each);
          },
          [](const read_index& each) {
            return "read_index term=" + number(each.term) + " round=" + std::to_string(each.round);
          },
          [](const read_index_reply& each) {
            return "read_index_reply term=" + number(each.term)
                   + " round=" + std::to_string(each.round)
                   + (each.index ? " index=" + number(*each.index) : " refused");
          },
          [](const state_outvoted& each) {
            return "state_outvoted term=" + number(each.term)
                   + " majority=" + digest_text(each.majority);
          },
          [](const entry_request& each) {
            return "entry_request term=" + number(each.term) + " [" + number(each.first) + ", "
                   + number(each.last) + "]";
          },
          [](const entry_reply& each) {
            return "entry_reply term=" + number(each.term) + " first=" + number(each.first)
                   + " entries: " + entries_text(each.entries);
          },
          [](const timeout_now& each) { return "timeout_now term=" + number(each.term); },
      },
      body);
}

std::string to_string(const propose_outcome& outcome) {
  return std::visit(overloaded_set{[](const accepted&) { return std::string("accepted"); },
                                   [](const auto& each) { return refusal_text(each); }},
                    outcome);
}

std::string to_string(const membership_outcome& outcome) {
  const auto* refused = std::get_if<membership_refused>(&outcome);
  if (refused == nullptr)
    return "accepted";
  auto text = "refused " + std::string(to_string(refused->why));
  if (refused->limit != 0)
    text +=
        " limit=" + std::to_string(refused->limit) + " actual=" + std::to_string(refused->actual);
  return text + " leader=" + number(refused->leader);
}

std::string to_string(const transfer_outcome& outcome) {
  const auto* refused = std::get_if<transfer_refused>(&outcome);
  return refused == nullptr ? "accepted"
                            : "refused " + std::string(to_string(refused->why))
                                  + " leader=" + number(refused->leader);
}

std::string to_string(const core_status& status) {
  return std::string(to_string(status.role)) + " term=" + number(status.current_term)
         + " vote=" + number(status.voted_for) + " leader=" + number(status.leader) + " log=["
         + number(status.first_index) + "," + number(status.last_index) + "]"
         + " durable=" + number(status.durable_index) + " commit=" + number(status.commit_index)
         + " durable_commit=" + number(status.durable_commit_index) + " applied="
         + number(status.last_applied) + " proposals=" + std::to_string(status.proposals_in_flight)
         + " reads=" + std::to_string(status.reads_waiting) + " " + to_string(status.membership);
}

std::string to_string(const ready& owed) {
  std::string text;
  auto line = [&text](const std::string& content) { text += content + "\n"; };
  for (const auto& each : owed.events)
    line("event " + std::string(to_string(each.what)) + " term=" + number(each.term)
         + " index=" + number(each.index));
  for (const auto& each : owed.send_now)
    line("send " + number(each.to) + " " + to_string(each.body));
  if (owed.persist)
    line(persist_text(*owed.persist));
  for (const auto& each : owed.send_after_persist)
    line("then send " + number(each.to) + " " + to_string(each.body));
  text += answers_text(owed.proposals);
  for (const auto& each : owed.reads)
    line(answer_text(each));
  if (owed.apply)
    line("apply " + entries_text(owed.apply->entries));
  if (owed.log_read)
    line("log_read [" + number(owed.log_read->first) + ", " + number(owed.log_read->last) + "]");
  if (owed.compact)
    line("compact up_to=" + number(owed.compact->up_to));
  for (const auto& each : owed.snapshots_to_send)
    line("snapshot_to_send " + number(each.to) + " at_least=" + number(each.at_least));
  if (owed.install)
    line("install " + to_string(owed.install->point.id));
  if (owed.repair)
    line("repair " + entries_text(owed.repair->entries));
  if (owed.log_is_whole)
    line("log_is_whole");
  if (owed.outvoted)
    line("outvoted own=" + digest_text(owed.outvoted->own)
         + " majority=" + digest_text(owed.outvoted->majority));
  if (owed.start_apply_timer)
    line("start_apply_timer");
  return text;
}

} // namespace raft
