// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// `GET /admin/log-level`: the filter in force, and the configured one.
reply get_log_level(const request& what, asker& ask, site& at);

/// `PUT` (or `POST`) `/admin/log-level` with `{"filter":"info,aspen::http=debug"}`: logs by that
/// filter from here on, until it is changed again or the process ends.
reply set_log_level(const request& what, asker& ask, site& at);

/// `DELETE /admin/log-level`: the configured filter again.
reply reset_log_level(const request& what, asker& ask, site& at);

} // namespace http
