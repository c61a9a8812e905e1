// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tl/expected.hpp>

#include "node/settings.hpp"

/// From the four places where a value may come from to one `settings`: command line
/// over environment over file over default.
namespace node {

/// Where a value came from.
struct value_origin {
  enum class layer { standard, file, environment, command_line };
  layer from = layer::standard;
  std::string name;  ///< the file, the variable or the flag
  unsigned line = 0; ///< in the file

  /// "default", "aspen.toml:7", "ASPEN_NODE_ID", "--node-id".
  std::string text() const;
};

/// One thing that is wrong with the configuration, complete: where, what was found,
/// what is allowed, and the nearest name where one was misspelt.
struct setting_problem {
  std::string where; ///< "aspen.toml:7", "ASPEN_NODE_ID", "--node-id"; empty: several places
  std::string text;

  /// "aspen.toml:7: text".
  std::string line() const;
};
using setting_problems = std::vector<setting_problem>;

/// What is given to the loader; nothing is read from the process itself, so that a
/// test can say what the environment is.
struct setting_sources {
  std::optional<std::string> file;                              ///< its path
  std::vector<std::pair<std::string, std::string>> environment; ///< name, value
  /// By key ("cluster.node_id"): the flag as typed and its value.
  std::map<std::string, std::pair<std::string, std::string>> flags;
};

struct loaded_settings {
  settings values{};
  std::map<std::string, value_origin> origins; ///< for every key
  /// Odd, though no reason to stay down: variables that begin with ASPEN_ and are no
  /// key (a container platform injects such for a service called "aspen").
  setting_problems warnings;

  /// "2 from aspen.toml, 1 from the environment, 38 defaults".
  std::string summary() const;
};

/// Reads and checks everything. Reports every problem found, not the first alone.
/// Reads the file of `sources.file` and nothing else. INV-120, INV-121.
tl::expected<loaded_settings, setting_problems> load_settings(const setting_sources& sources);

/// The process's variables whose names begin with ASPEN_.
std::vector<std::pair<std::string, std::string>> aspen_environment();

} // namespace node
