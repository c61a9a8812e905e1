// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "actors/raft_actor_state.hpp"
#include "base/log.hpp"

/// Whether this server is a member of its cluster, as far as it can know: it founds it together
/// with others, waits to be let in, was removed, or is refused by those it takes for its peers.
namespace actors {

namespace {

constexpr auto target = "aspen::raft";

const peer_link* find(const peers_status& peers, raft::server_id id) {
  auto found = std::ranges::find(peers.links, id, &peer_link::id);
  return found == peers.links.end() ? nullptr : &*found;
}

std::string describe(const raft::member& who) {
  return std::to_string(who.id.value) + " at " + who.raft_addr;
}

bool is_founded(const peer_link& peer) {
  return peer.membership_index > raft::log_index{};
}

std::string accusation(const peer_link& by) {
  return "node " + std::to_string(by.id.value) + " at " + by.raft_addr + " says: " + by.trouble;
}

} // namespace

bool raft_actor::is_founding() const {
  return !settings_.founders.empty() && status_.core.last_index == raft::log_index{};
}

/// Nobody is shut out by a configuration that may be undone, nor before it knows that it is out.
raft::membership raft_actor::spoken_with() const {
  auto all = status_.core.membership;
  const auto& leaving = status_.core.departing;
  all.outgoing_voters.insert(all.outgoing_voters.end(), leaving.begin(), leaving.end());
  if (is_founding())
    all.voters = settings_.founders;
  return all;
}

/// Once all are linked, each in the life that it says and none with a membership yet: from then
/// on another life of any of them is a stranger, and founds nothing, not even when it is let in
/// again; who missed the moment is brought the entry (two stores, one truth: rules 18 and 20;
/// INV-126).
bool raft_actor::try_to_found(const peers_status& peers) {
  raft::membership named;
  for (auto each : settings_.founders) {
    if (each.id == settings_.core.self) {
      each.incarnation = settings_.core.incarnation;
    } else {
      const auto* link = find(peers, each.id);
      if (link == nullptr || !link->is_connected || link->incarnation.is_nil() || is_founded(*link))
        return false;
      each.incarnation = link->incarnation;
    }
    named.voters.push_back(std::move(each));
  }
  base::log::info(target, "all founders are there: founding the cluster",
                  {{"members", named.voters.size()}});
  core_->found(named);
  return true;
}

std::string raft_actor::describe_founding(const peers_status& peers) const {
  auto founded = std::ranges::find_if(
      peers.links, [](const auto& each) { return each.is_connected && is_founded(each); });
  if (founded != peers.links.end())
    return "The cluster of cluster.initial_members exists already, says node "
           + std::to_string(founded->id.value) + " at " + founded->raft_addr
           + "; this node waits to be brought its log";
  std::string missing;
  for (const auto& each : settings_.founders) {
    const auto* link = find(peers, each.id);
    if (each.id == settings_.core.self || (link != nullptr && link->is_connected))
      continue;
    missing += (missing.empty() ? "" : "; ") + describe(each);
    if (link != nullptr && !link->trouble.empty())
      missing += ": " + link->trouble;
  }
  return "This node founds its cluster as soon as all of cluster.initial_members are there; it "
         "waits for node "
         + missing;
}

void raft_actor::look_at_standing() {
  auto peers = context_.board->get<peers_status>();
  if (!peers)
    return;
  auto accuser = std::ranges::find_if(peers->links, &peer_link::calls_us_no_member);
  bool is_accused = accuser != peers->links.end();
  bool is_linked = std::ranges::any_of(peers->links, &peer_link::is_connected);
  const auto& members = status_.core.membership;
  raft::server_life self{settings_.core.self, settings_.core.incarnation};
  was_member_ = was_member_ || members.is_member(self);
  auto address = "aspenctl member add " + std::to_string(self.id.value) + " HOST:PORT";
  if (is_founding() && is_accused)
    return take_standing(true, "The cluster of cluster.initial_members exists already, and this "
                               "node, whose directory is empty, founds no second one: "
                                   + accusation(*accuser)
                                   + ". To have it take the place of its former life: " + address);
  if (is_founding())
    return take_standing(false, try_to_found(*peers) ? "" : describe_founding(*peers));
  // Not before that is committed: until then it may be the only one that can get it committed.
  bool is_leaving = std::ranges::any_of(
      status_.core.departing, [&](const raft::member& each) { return each.id == self.id; });
  if (was_member_ && !members.is_member(self) && !is_leaving)
    return take_standing(true, "This node was removed: the membership at index "
                                   + std::to_string(members_index_.value)
                                   + " does not name it. Stop it. To have it again: empty its data "
                                     "directory, start it with cluster.join, "
                                   + address);
  if (is_accused && !is_linked)
    return take_standing(true,
                         "This node is no member of its cluster any more: " + accusation(*accuser)
                             + ". Stop it. To have it again: empty its data directory, start "
                               "it with cluster.join, "
                             + address);
  take_standing(false, {});
}

void raft_actor::take_standing(bool is_cast_out, std::string text) {
  bool is_news = is_cast_out != status_.is_cast_out || text.empty() != status_.standing.empty();
  status_.is_cast_out = is_cast_out;
  status_.standing = std::move(text);
  if (!is_news)
    return;
  core_->cast_out(is_cast_out);
  if (is_cast_out)
    base::log::error(target, "this node is no member of its cluster",
                     {{"reason", status_.standing}});
  else if (!status_.standing.empty())
    base::log::info(target, "waiting for the other founders", {{"reason", status_.standing}});
  else
    base::log::info(target, "this node takes part in its cluster");
}

} // namespace actors
