// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/aspenctl/client.hpp"

namespace aspenctl {

/// `GET /v1/cluster` of the first endpoint that answers; of the leader's, when it is among the endpoints,
/// because only the leader knows how far its followers are. The array `members` holds objects.
outcome<nlohmann::ordered_json> ask_cluster(const client& nodes);

} // namespace aspenctl
