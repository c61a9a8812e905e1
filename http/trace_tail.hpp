// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// `GET /debug/trace/tail`: what was recorded after the moment that the answer before this one named as
/// `next` and a tenth of a second ago, at most `?limit=` events (1000, up to 10000) that fit
/// `?match=` (trace/match.hpp). Without `?after=` nothing yet, and where to begin. Heartbeats only
/// with `?heartbeats=true`. `is_complete` is false when the ring may have gone round in between.
/// Reads the ring once and keeps nothing: a session is its client's. 400 for what is no
/// expression, with the position in it.
reply follow_trace(const request& what, asker& ask, site& at);

} // namespace http
