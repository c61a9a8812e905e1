// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace base {

/// CRC-32C (Castagnoli, RFC 3720 appendix B.4) of `input`, continued from `seed`:
/// `crc32c(b, crc32c(a)) == crc32c(a + b)`. Uses the SSE4.2 instruction where the
/// processor has it. Any thread.
std::uint32_t crc32c(byte_view input, std::uint32_t seed = 0);

/// The same by table, for processors without the instruction and for its test.
std::uint32_t crc32c_by_table(byte_view input, std::uint32_t seed = 0);

} // namespace base
