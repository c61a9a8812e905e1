// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "transport/greeting.hpp"
#include "transport/identity.hpp"
#include "transport/peer.hpp"

/// Who may talk to this server, and which version is spoken. Pure: the certificate's part
/// is decided before (transport/tls.hpp).
namespace transport {

/// What this server knows when a handshake arrives.
struct admission {
  identity self;
  peer_set known;
};

/// The greatest version both speak; nothing when there is none.
std::optional<std::uint8_t> common_version(std::uint8_t other_min, std::uint8_t other_max);

/// Whether to answer `welcome`; else why not (INV-132). Checked in this order: cluster,
/// ids, version, membership. Where two memberships contradict each other the one with the
/// higher index is believed: a server behind lets in the leader it has not heard of, and
/// refuses a life of a server that it knows to be replaced.
std::optional<refusal> judge_hello(const admission& here, const identity& sender,
                                   const hello& body);

/// The same for the answer to a hello that was sent to `expected`.
std::optional<refusal> judge_welcome(const admission& here, raft::server_id expected,
                                     const identity& sender, const welcome& body);

/// Two links to one peer: of the standing and the new one, whether the new one stays
/// (INV-133). A new run of the peer's process wins; else the link dialled by the lower id,
/// so that both sides keep the same one; else the newer, for its dialler would not have
/// dialled had the other been alive.
struct link_claim {
  base::uuid boot;
  bool is_dialled_by_lower_id = false;
};
bool replaces(const link_claim& fresh, const link_claim& standing);

} // namespace transport
