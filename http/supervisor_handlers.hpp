// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// `GET /admin/supervisor`: what the supervisor last published (docs/decisions/0005): every
/// child, what follows for it by itself and when, the last check of the stores, the newest
/// events. Asks nobody.
reply get_supervisor(const request& what, asker& ask, site& at);

/// `POST /admin/supervisor/{child}/restart`: a new life for a child and its group, answered
/// when it is under way. 404 for an unknown name; the child is never left without a life.
reply restart_child(const request& what, asker& ask, site& at);

/// `POST /admin/supervisor/{child}/clear`: puts the quarantine of a refused group away and
/// has its stores checked again. 409 when nothing is refused.
reply clear_child(const request& what, asker& ask, site& at);

/// "2026-11-23T17:40:00.123Z" (RFC 3339, UTC).
std::string rfc_3339(std::chrono::system_clock::time_point at);

} // namespace http
