// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include "base/result.hpp"
#include "transport/address.hpp"

namespace transport {

using endpoints = std::vector<asio::ip::tcp::endpoint>;

/// A literal address without asking anybody. Nothing for a name.
std::optional<endpoints> literal_endpoints(const address& where);

/// Looks a name up on a thread of its own, because the system's resolver blocks for as long
/// as its servers like, and one slow name must not stand in the way of another (INV-135).
/// `done` runs on the I/O thread, unless `asker` is gone by then. `is_under_way` is true
/// from here to the thread's end: whoever finds it true has one that still hangs.
/// Errors to `done`: `busy` for that; `not_found` with the resolver's words; `resource`
/// without a thread.
void look_up(const std::shared_ptr<asio::io_context>& io, const address& where,
             std::shared_ptr<std::atomic<bool>> is_under_way, std::weak_ptr<void> asker,
             std::function<void(base::result<endpoints>)> done);

} // namespace transport
