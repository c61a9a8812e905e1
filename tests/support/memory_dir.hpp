// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdlib>
#include <filesystem>

namespace tests {

/// Makes the temporary directories that follow be in memory where the machine has room there:
/// for tests of what files hold, to which a sync adds nothing but time. Call before threads
/// start.
inline void keep_temporary_files_in_memory() {
  constexpr std::uintmax_t room = std::uintmax_t{256} << 20;
  std::error_code failure;
  auto space = std::filesystem::space("/dev/shm", failure);
  if (!failure && space.available > room)
    ::setenv("TMPDIR", "/dev/shm", 1);
}

} // namespace tests
