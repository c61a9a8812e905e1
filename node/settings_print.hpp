// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "node/settings_loader.hpp"

namespace node {

/// What is in force, as a configuration file that says the same, each value with a
/// comment that tells where it came from. Secrets are hidden.
std::string print_settings(const loaded_settings& loaded);

/// A configuration file that says nothing: every key commented out with its default,
/// what is allowed and what it does. `configs/single.toml` is this text.
std::string print_commented_defaults();

} // namespace node
