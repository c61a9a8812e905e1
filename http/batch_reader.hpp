// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "actors/client_requests.hpp"
#include "http/reply.hpp"

namespace http {

/// Reads the body of `POST /v1/batch` as it streams by: memory grows with what is accepted,
/// never with what is sent. 400 with the position for what is no JSON, 422 naming the
/// member for JSON of another shape, 413 over a limit, 400 for a key that cannot be stored.
tl::expected<storage::command, refusal> read_batch(std::string_view body);

} // namespace http
