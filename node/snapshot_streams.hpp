// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "actors/snapshot_transport.hpp"
#include "transport/stream.hpp"

/// The transport's streams as the actors see them.
namespace node {

transport::stream_offer to_stream_offer(const actors::snapshot_offer& what);
std::unique_ptr<actors::snapshot_output> as_snapshot(
    std::unique_ptr<transport::outgoing_stream> stream);
std::unique_ptr<actors::snapshot_input> as_snapshot(
    std::unique_ptr<transport::incoming_stream> stream);

} // namespace node
