// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "http/asker.hpp"
#include "http/request.hpp"
#include "http/site.hpp"

namespace http {

/// Every actor with its mailbox, the message in hand, times, restarts, lost messages and what it last
/// said of itself (`actors`); who started whom (`tree`); who talks to whom (`talks`). No actor is
/// asked: it answers while all of them are stuck.
reply get_actors(const request& what, asker& ask, site& at);

} // namespace http
