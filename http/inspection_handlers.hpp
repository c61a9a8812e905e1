// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

/// What operators ask of both stores in use.
namespace http {

/// `POST /admin/snapshot`: makes a snapshot file, now.
reply make_snapshot(const request& what, asker& ask, site& at);
/// `POST /admin/validate`: the rules of the check before a start that can be asked of running stores.
reply validate_stores(const request& what, asker& ask, site& at);
/// `GET /admin/backup`: a snapshot file of the state, which holds every write that was acknowledged before the
/// request came; with `?consistency=stale` what is applied here, asked of nobody.
reply take_backup(const request& what, asker& ask, site& at);
/// `GET /admin/log-copy`: a consistent copy of the log, as it is now.
reply copy_log(const request& what, asker& ask, site& at);

} // namespace http
