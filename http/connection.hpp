// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "http/deadline_queue.hpp"

namespace http {

class exchange;

enum class connection_state {
  idle,      ///< no byte of a request is here: costs a descriptor and this
  head,      ///< a part of a head is here
  busy,      ///< an exchange runs
  lingering, ///< answered for the last time; what still comes is thrown away
  closed,    ///< waits for the end of the turn
};

/// One client's socket. Registered edge-triggered once; the flags remember what epoll said.
struct connection {
  int socket = -1;
  connection_state state = connection_state::idle;
  bool is_readable = true; ///< there may be bytes: the last read did not come up short
  bool is_writable = true;
  bool saw_end = false;        ///< the client has closed its side, or both
  bool is_queued = false;      ///< looked at again in the next turn
  std::size_t index = 0;       ///< in the worker's list
  std::string input;           ///< received; while busy, the head in front is not touched
  std::size_t consumed = 0;    ///< of `input`, by the exchange
  std::size_t scanned = 0;     ///< of `input`, in search of the head's end
  std::size_t linger_left = 0; ///< bytes still thrown away before closing
  exchange* running = nullptr;
  http::deadline deadline;

  connection() = default;
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
};

} // namespace http
