// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

#include "base/result.hpp"
#include "storage/snapshot_source.hpp"

namespace storage {

/// Checks a snapshot file whole: format, seals, structure, every row, the key index, the
/// digest (INV-56, INV-65). Reads with several threads and connections, each of which sees
/// the same file because nobody writes to it. Memory does not depend on the size.
/// Requires: a file without a WAL that nobody writes.
/// Errors: `interrupted` when `keep_going`, asked on the caller's thread, said no;
/// `incompatible`; `corrupt`; `io`.
base::result<snapshot_report> check_sqlite_file(const std::string& path,
                                                const std::function<bool()>& keep_going);

} // namespace storage
