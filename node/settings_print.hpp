// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "node/settings_loader.hpp"

namespace node {

/// What is in force, as a configuration file that says the same, each value with a
/// comment that tells where it came from. Secrets are hidden.
std::string print_settings(const loaded_settings& loaded);

/// A configuration file for people, after the comment `intro`: every key with what it does, what is
/// allowed, its variable, and commented out with its default; set where `chosen` names it
/// ("cluster.data_dir", the value as it stands in a file). The files in `configs/` are such texts.
/// Requires: `chosen` names keys that exist.
std::string print_example(std::string_view intro, const std::map<std::string, std::string>& chosen);

} // namespace node
