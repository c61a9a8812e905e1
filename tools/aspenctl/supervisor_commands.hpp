// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tools/aspenctl/client.hpp"
#include "tools/aspenctl/printer.hpp"

namespace aspenctl {

/// The supervision tree of every endpoint: state, uptime, restarts, back-off, circuit, what
/// follows and when, the last check of the stores, the newest events. `is_watched`: again
/// every two seconds, until an endpoint cannot be asked or the program is interrupted.
outcome<void> supervisor_show(const client& nodes, output_format format, bool is_watched);

/// A new life for the child or group `name` of the one endpoint that is given.
outcome<void> supervisor_restart(const client& nodes, output_format format,
                                 const std::string& name);

/// Puts away what a refusal of the group left behind, and has its stores checked again.
outcome<void> supervisor_clear(const client& nodes, output_format format, const std::string& name);

/// A span as a person reads it: "850ms", "12s", "3m20s", "5h02m", "4d03h".
std::string span_text(std::uint64_t milliseconds);

} // namespace aspenctl
