// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"

namespace storage {

/// What an `errno` value means to a store: no room is `storage_full`; permissions and
/// exhausted descriptors are `resource`; anything unknown is `io`.
base::errc system_errc(int number);

/// `doing`, the system's text, and the code above.
base::error system_error(int number, const std::string& doing);

} // namespace storage
