// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "actors/client_requests.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// `?consistency=linearizable|stale` and `?min_index=n`.
struct read_options {
  actors::consistency consistency = actors::consistency::linearizable;
  raft::log_index min_index;
};
tl::expected<read_options, refusal> read_read_options(const query_parameters& query);

/// Says from which state a read was answered (`X-Aspen-Applied-Index`) and, for a stale
/// one, how far behind it may be: the commit index this node last knew of, and how long
/// ago it last knew its leader to lead (`X-Aspen-Age-Ms`; absent while it never did).
reply with_read_fields(reply given, const read_options& options, raft::log_index applied,
                       const site& at);

/// A decimal number and nothing else.
std::optional<std::uint64_t> parse_number(std::string_view text);

/// `storage::check_key`, as a refusal: 400, or 413 for a key that is too long.
std::optional<refusal> check_key(const std::string& key);

} // namespace http
