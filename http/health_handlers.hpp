// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/health.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// What is known of the node now, without asking anybody.
health_input look_around(site& at);

/// `GET /health`: the operations guide's report.
reply get_health(const request& what, asker& ask, site& at);

/// `GET /livez`, `/readyz`, `/startupz`, each with `/{check}` below it: Kubernetes'
/// conventions, `?verbose` and `?exclude=` included. `/livez` fails for nothing that
/// restarting the process would not cure.
reply get_livez(const request& what, asker& ask, site& at);
reply get_readyz(const request& what, asker& ask, site& at);
reply get_startupz(const request& what, asker& ask, site& at);

} // namespace http
