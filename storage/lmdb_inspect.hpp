// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "storage/lmdb_env.hpp"
#include "storage/state_inspection.hpp"

namespace storage {

/// Opens `state-machine.lmdb`, or a snapshot file, read-only and without locks. Requires:
/// nobody has it open for writing. A damaged file can end the process: for children of
/// the node and for tools. Errors: as `inspect_sqlite`.
base::result<std::unique_ptr<state_inspection>> inspect_lmdb(
    const std::string& path, std::uint64_t map_bytes = lmdb_map_bytes_default);

} // namespace storage
