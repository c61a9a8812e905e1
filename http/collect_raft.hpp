// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/cluster_view.hpp"
#include "http/family_builder.hpp"
#include "http/health.hpp"

namespace http {

/// What this node's protocol core says of itself.
void add_raft(family_builder& into, const health_input& seen);

/// One series for each other member, by the label `peer`: as many as there are members.
/// What only the leader knows stands there on the leader alone.
void add_peers(family_builder& into, const cluster_input& seen);

} // namespace http
