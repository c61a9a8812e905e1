// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "actors/snapshot_transport.hpp"
#include "node/link_transport.hpp"

namespace node {

/// The actors' way for snapshots, over the streams of `links`; what comes is put into
/// `inbox`. Called once, before `links` is opened.
std::shared_ptr<actors::snapshot_transport> make_snapshot_transport(
    std::shared_ptr<link_transport> links, const std::shared_ptr<actors::snapshot_inbox>& inbox);

} // namespace node
