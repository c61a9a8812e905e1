// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/aspenctl/client.hpp"
#include "tools/aspenctl/printer.hpp"

namespace aspenctl {

struct top_options {
  std::string interval = "1s";
  bool is_once = false;
  bool is_json = false; ///< as the format `json`
};

/// The actors of every endpoint, as they answer for themselves without being asked: mailbox, oldest
/// message, message in hand and since when, rates, times, restarts, last error. Again and again, on a
/// terminal in place of what stood there, until it is interrupted or an endpoint cannot be asked. As
/// JSON one array a look, on one line, with an object for each endpoint: its answer to `/debug/actors`.
outcome<void> top(const client& nodes, output_format format, const top_options& options);

} // namespace aspenctl
