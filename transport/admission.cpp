// SPDX-License-Identifier: Apache-2.0
#include "transport/admission.hpp"

#include <algorithm>
#include <string>

namespace transport {

namespace {

std::string name(raft::server_id id) {
  return "server " + std::to_string(id.value);
}

std::string at(raft::log_index index) {
  return "the membership at index " + std::to_string(index.value);
}

std::optional<refusal> judge_cluster(const admission& here, const identity& sender) {
  if (sender.cluster == here.self.cluster)
    return std::nullopt;
  return refusal{refusal_reason::other_cluster,
                 name(sender.server) + " is of cluster " + to_string(sender.cluster) + ", "
                     + name(here.self.server) + " of cluster " + to_string(here.self.cluster)};
}

// What the newer of the two memberships says of the sender.
std::optional<refusal> judge_member(const admission& here, const identity& sender,
                                    raft::log_index their_index) {
  if (sender.incarnation.is_nil())
    return refusal{refusal_reason::outdated_incarnation,
                   name(sender.server) + " does not say which incarnation it is"};
  if (their_index > here.known.membership_index)
    return std::nullopt;
  const auto& peers = here.known.peers;
  auto listed = std::find_if(peers.begin(), peers.end(),
                             [&](const peer& each) { return each.id == sender.server; });
  if (listed == peers.end())
    return refusal{refusal_reason::unknown_server,
                   name(sender.server) + " is not in " + at(here.known.membership_index)};
  if (listed->incarnation.is_nil() || listed->incarnation == sender.incarnation)
    return std::nullopt;
  return refusal{refusal_reason::outdated_incarnation,
                 name(sender.server) + " is incarnation " + to_string(sender.incarnation) + "; "
                     + at(here.known.membership_index) + " lists "
                     + to_string(listed->incarnation)};
}

} // namespace

std::optional<std::uint8_t> common_version(std::uint8_t other_min, std::uint8_t other_max) {
  auto best = std::min(other_max, protocol_version_max);
  if (best < other_min || best < protocol_version_min)
    return std::nullopt;
  return best;
}

std::optional<refusal> judge_hello(const admission& here, const identity& sender,
                                   const hello& body) {
  if (auto why = judge_cluster(here, sender))
    return why;
  if (body.to != here.self.server)
    return refusal{refusal_reason::wrong_server,
                   name(body.to) + " was looked for, this is " + name(here.self.server)};
  if (sender.server == here.self.server)
    return refusal{refusal_reason::wrong_server, sender.boot == here.self.boot
                                                     ? "a server does not talk to itself"
                                                     : "this is another " + name(sender.server)};
  if (!common_version(body.version_min, body.version_max))
    return refusal{refusal_reason::version_not_speakable,
                   name(sender.server) + " (" + body.program_version + ") speaks versions "
                       + std::to_string(body.version_min) + " to "
                       + std::to_string(body.version_max) + ", " + name(here.self.server) + " "
                       + std::to_string(protocol_version_min) + " to "
                       + std::to_string(protocol_version_max)};
  if (!body.to_incarnation.is_nil() && body.to_incarnation != here.self.incarnation
      && body.membership_index > here.known.membership_index)
    return refusal{refusal_reason::outdated_incarnation,
                   name(here.self.server) + " is incarnation " + to_string(here.self.incarnation)
                       + "; " + at(body.membership_index) + " lists "
                       + to_string(body.to_incarnation)};
  return judge_member(here, sender, body.membership_index);
}

std::optional<refusal> judge_welcome(const admission& here, raft::server_id expected,
                                     const identity& sender, const welcome& body) {
  if (auto why = judge_cluster(here, sender))
    return why;
  if (sender.server != expected)
    return refusal{refusal_reason::wrong_server,
                   name(expected) + " was looked for, this is " + name(sender.server)};
  if (!common_version(body.version, body.version))
    return refusal{refusal_reason::version_not_speakable,
                   name(sender.server) + " chose version " + std::to_string(body.version)};
  return judge_member(here, sender, body.membership_index);
}

bool replaces(const link_claim& fresh, const link_claim& standing) {
  if (fresh.boot != standing.boot)
    return true;
  return fresh.is_dialled_by_lower_id || !standing.is_dialled_by_lower_id;
}

} // namespace transport
