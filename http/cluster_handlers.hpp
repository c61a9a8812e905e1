// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// `GET /v1/cluster`: who belongs to the cluster and how each is, as this node knows it.
reply get_cluster(const request& what, asker& ask, site& at);

/// Changes of the membership. Only the leader makes them: any other node answers 409
/// `not_leader` and names it, so that nobody forwards what an operator should see.
reply add_member(const request& what, asker& ask, site& at);
reply promote_member(const request& what, asker& ask, site& at);
reply remove_member(const request& what, asker& ask, site& at);
reply transfer_leader(const request& what, asker& ask, site& at);

} // namespace http
