// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <fstream>

#include <unistd.h>

namespace tests {

/// What memory may grow by while much more than that passes through. A sanitizer keeps freed
/// memory and shadows the rest: there only a leak of all of it would show.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::uint64_t resident_growth_max = std::uint64_t{900} << 20;
#else
inline constexpr std::uint64_t resident_growth_max = 32 << 20;
#endif

/// Memory of this process that is in use now.
inline std::uint64_t resident_bytes() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t whole = 0;
  std::uint64_t resident = 0;
  in >> whole >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace tests
