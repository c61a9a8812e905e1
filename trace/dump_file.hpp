// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "trace/recording.hpp"

namespace trace {

/// Writes a recording as a ring file that just holds it (`read_ring_file` reads it), under
/// a temporary name first. Its size is in proportion to its events. Errors: `storage_full`,
/// `io`, naming the path; nothing is left.
base::status write_dump_file(const std::string& path, const recording& what);

/// The bytes of that file (`read_ring_bytes` reads them).
std::string to_ring_bytes(const recording& what);

} // namespace trace
