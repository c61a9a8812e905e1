// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "node/setting_assign.hpp"
#include "node/settings_loader.hpp"

namespace node {

/// One known key that a file sets.
struct file_value {
  const key_spec* key = nullptr;
  raw_value value;
  unsigned line = 0;
};

/// Reads a TOML file of at most 1 MiB. What is no TOML, an unknown section or an unknown
/// key becomes a problem with its line; the known keys are returned all the same.
std::vector<file_value> read_settings_file(const std::string& path, setting_problems& problems);

} // namespace node
