// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

/// Only in builds with failpoints (base/failpoint.hpp).
#ifdef ASPEN_FAILPOINTS

namespace http {

/// `GET /debug/failpoints`: one line for each that was ever armed.
reply get_failpoints(const request& what, asker& ask, site& at);
/// `POST /debug/failpoints`: the body is what `base::failpoint::arm` takes.
reply arm_failpoints(const request& what, asker& ask, site& at);

} // namespace http

#endif
