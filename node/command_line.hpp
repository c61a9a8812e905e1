// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace node {

/// What `aspen-node` was asked to do.
struct command_line {
  enum class action { run, check_config, print_config, show_version, cross_check_child };
  action what = action::run;
  std::optional<std::string> config_file;
  /// Flags that set a key ("cluster.node_id"), each with its name and value as typed.
  std::map<std::string, std::pair<std::string, std::string>> flags;
  std::string cross_check_request; ///< for `cross_check_child`
};

/// The program is done: print `text` (to stdout when `status` is 0) and end with `status`.
struct command_line_end {
  int status = 0;
  std::string text;
};

/// Reads the arguments. Values are not checked here but with all others, by
/// `load_settings`. `--help` and bad usage come back as `command_line_end`.
tl::expected<command_line, command_line_end> parse_command_line(int count,
                                                                const char* const* arguments);

} // namespace node
