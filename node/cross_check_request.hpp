// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/cross_check.hpp"

/// The check of the stores as a process of its own: a damaged file may end the process
/// that reads it, and must not end the node. This is what that process is asked.
namespace node {

struct cross_check_request {
  storage::store_paths paths;
  storage::check_options options;
};

/// One JSON object, and back; nothing when `text` is none or lacks a member.
std::string to_json(const cross_check_request& request);
std::optional<cross_check_request> cross_check_request_from_json(std::string_view text);

/// Program and arguments that run the check, for posix_spawn. Its standard output is the
/// report as JSON (`storage::check_report_from_json`).
std::vector<std::string> cross_check_command(const cross_check_request& request);

} // namespace node
