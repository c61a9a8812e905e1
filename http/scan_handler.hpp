// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// `GET /v1/kv`: a page of an ordered scan.
reply scan_keys(const request& what, asker& ask, site& at);

} // namespace http
