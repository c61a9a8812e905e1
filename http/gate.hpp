// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "http/route_table.hpp"

namespace http {

/// Everything that can be refused before a body is read: where the request was meant for,
/// whether there is such a path and method, and whether its body may be read at all.
/// Fills in `what`'s path, parameter and query, and `matched` as soon as it is known.
std::optional<refusal> check_request(request& what, const site& at, bool is_admin_listener,
                                     const route*& matched);

/// The largest body that `rule` lets in, in bytes.
std::size_t body_bytes_max(body_rule rule);

} // namespace http
