// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/aspenctl/client.hpp"

namespace aspenctl {

/// What a node says of the cluster: `GET /v1/cluster`. The array `members` holds objects.
struct cluster_answer {
  endpoint from;
  nlohmann::ordered_json body;

  bool is_of_leader() const { return body.value("state", nlohmann::ordered_json()) == "leader"; }
};

/// The leader's answer where it can be had, because only the leader knows how far others are: of the
/// endpoint that leads, else at the HTTP address by which the endpoints name the leader. Where it cannot
/// be had, the first endpoint's that answers.
outcome<cluster_answer> ask_cluster(const client& nodes);

/// Only the leader; `unavailable` when none is known or it cannot be reached.
outcome<client> find_leader(const client& nodes);

} // namespace aspenctl
