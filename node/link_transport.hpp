// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "actors/peer_transport.hpp"
#include "node/settings.hpp"

namespace node {

/// The actors' way to the other nodes, over `transport::links`. The links live as long as
/// this object, whatever becomes of the actors: a peer can tell a node whose actors are
/// being restarted from one that is gone.
std::shared_ptr<actors::peer_transport> make_link_transport(const settings& all);

} // namespace node
