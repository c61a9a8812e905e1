// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// `/v1/kv/{key}`: one row.
reply put_key(const request& what, asker& ask, site& at);
reply get_key(const request& what, asker& ask, site& at);
reply delete_key(const request& what, asker& ask, site& at);

} // namespace http
