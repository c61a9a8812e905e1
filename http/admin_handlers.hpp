// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// `POST /admin/checkpoint-wal`: folds the WAL into the database file, now.
reply checkpoint_wal(const request& what, asker& ask, site& at);
/// `POST /admin/shutdown`: begins what SIGTERM begins.
reply shut_down(const request& what, asker& ask, site& at);

} // namespace http
