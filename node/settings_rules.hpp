// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "node/settings_loader.hpp"

namespace node {

/// What must hold between values, each of which is good by itself; appends a problem
/// for each rule that is broken. Pure but for resolving relative paths. INV-121.
void check_settings(const loaded_settings& loaded, setting_problems& problems);

} // namespace node
