// SPDX-License-Identifier: Apache-2.0
#include "http/cluster_view.hpp"

#include <algorithm>

#include "base/version.hpp"

namespace http {

namespace {

using std::chrono::milliseconds;

class viewer {
public:
  explicit viewer(const cluster_input& seen) : seen_(seen), core_(seen.raft->core) {}

  member_view view(const raft::member& who, bool is_voter) const {
    member_view made;
    made.id = who.id;
    made.is_voter = is_voter;
    made.raft_addr = who.raft_addr;
    made.http_addr = who.http_addr;
    made.is_self = who.id == seen_.self;
    if (made.is_self)
      add_self(made);
    else
      add_other(made);
    return made;
  }

private:
  void add_self(member_view& made) const {
    made.http_addr = seen_.self_http_addr;
    made.match_index = core_.durable_index;
    made.lag = core_.commit_index - std::min(core_.commit_index, core_.last_applied);
    made.is_reachable = true;
    made.last_contact = milliseconds(0);
    made.version = base::version;
  }

  void add_other(member_view& made) const {
    for (const auto& each : core_.peers)
      if (each.id == made.id) {
        made.match_index = each.match_index;
        made.lag = each.lag;
      }
    if (seen_.peers)
      for (const auto& link : seen_.peers->links)
        if (link.id == made.id)
          add_link(made, link);
    if (leads() && made.is_reachable == true)
      add_silence(made);
  }

  bool leads() const { return core_.role == raft::role_name::leader; }

  void add_link(member_view& made, const actors::peer_link& link) const {
    if (!link.http_addr.empty())
      made.http_addr = link.http_addr;
    made.is_reachable = link.is_connected;
    made.trouble = link.trouble;
    if (link.last_heard)
      made.last_contact = since(*link.last_heard);
    made.round_trip = link.round_trip;
    made.version = link.version;
    made.bytes_waiting = link.bytes_waiting;
    made.messages_dropped = link.messages_dropped;
    made.reconnects = link.reconnects;
  }

  /// A leader asks everybody all the time: who is linked and silent has no Raft actor.
  void add_silence(member_view& made) const {
    std::optional<milliseconds> heard;
    for (const auto& [id, last] : seen_.raft->heard)
      if (id == made.id)
        heard = since(last);
    made.last_contact = heard;
    auto leading = seen_.raft->leading_since ? since(*seen_.raft->leading_since) : milliseconds(0);
    if (heard.value_or(leading) <= peer_silence_max || leading <= peer_silence_max)
      return;
    made.is_silent = true;
    made.is_reachable = false;
    made.trouble = "its node is linked, but its Raft actor does not answer";
  }

  milliseconds since(std::chrono::steady_clock::time_point then) const {
    return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(seen_.now - then));
  }

  const cluster_input& seen_;
  const raft::core_status& core_;
};

} // namespace

std::vector<member_view> view_members(const cluster_input& seen) {
  std::vector<member_view> all;
  if (!seen.raft)
    return all;
  viewer by(seen);
  const auto& members = seen.raft->core.membership;
  auto add = [&](const std::vector<raft::member>& some, bool is_voter) {
    for (const auto& each : some)
      if (std::ranges::find(all, each.id, &member_view::id) == all.end())
        all.push_back(by.view(each, is_voter));
  };
  add(members.voters, true);
  add(members.outgoing_voters, true);
  add(members.learners, false);
  return all;
}

cluster_input look_at_cluster(const site& at) {
  const auto& board = at.gateway.status();
  cluster_input seen;
  seen.raft = board.get<actors::raft_status>();
  seen.peers = board.get<actors::peers_status>();
  seen.self = raft::server_id{at.settings.node_id};
  seen.self_http_addr = at.settings.http_addr;
  seen.now = std::chrono::steady_clock::now();
  return seen;
}

} // namespace http
