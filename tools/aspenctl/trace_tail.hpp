// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/aspenctl/client.hpp"
#include "tools/aspenctl/printer.hpp"

namespace aspenctl {

/// A session ends by itself at whichever of these comes first, and says at which.
struct trace_tail_options {
  std::string match;         ///< docs/trace.md has the language; empty: everything
  std::string limit = "100"; ///< events
  std::string rate = "1000"; ///< events a second; one more ends the session
  std::string span = "60s";  ///< at most an hour
  std::string bytes = "1MB"; ///< printed
  bool with_heartbeats = false;
};

/// Follows what one endpoint records, by looking again and again, and prints each event that fits: a
/// line of text, or of JSON. Which limit ended it goes to stderr. `usage` for what is no
/// expression, with a mark at the place; nothing is asked then.
outcome<void> trace_tail(const client& nodes, output_format format,
                         const trace_tail_options& options);

} // namespace aspenctl
