// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// What the node is and does, from what its actors last published.
reply get_version(const request& what, asker& ask, site& at);
/// `GET /metrics`: Prometheus' text format.
reply get_metrics(const request& what, asker& ask, site& at);

} // namespace http
