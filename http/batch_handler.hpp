// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// `POST /v1/batch`: several changes that happen together or not at all.
reply write_batch(const request& what, asker& ask, site& at);

} // namespace http
