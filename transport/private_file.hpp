// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace transport {

/// Creates `file` with mode 0600 and these bytes, synced, its directory too: the name is
/// there only when the bytes are. Errors: `invalid` when it exists; `io`; `storage_full`.
base::status write_private_file(const std::filesystem::path& file, base::byte_view bytes);

/// All of a file of at most 1 MiB. Errors: `not_found`, `io`, `limit`.
base::result<base::bytes> read_small_file(const std::filesystem::path& file);

} // namespace transport
