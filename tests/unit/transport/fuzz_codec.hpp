// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace tests {

/// What a run over malformed input saw.
struct fuzz_counts {
  std::uint64_t frames = 0;   ///< malformed frames fed to the reader
  std::uint64_t bodies = 0;   ///< malformed bodies fed to the decoders
  std::uint64_t refused = 0;  ///< of both
  std::uint64_t accepted = 0; ///< damage that left another good one
};

/// `count` malformed frames and as many bodies. Checks for each: nothing is thrown, the
/// buffer and what is allocated stay in proportion to the bytes that came (INV-130), a
/// refusal has a reason, and what is accepted is written back as the same bytes (INV-131).
fuzz_counts fuzz_codec(std::uint64_t seed, std::uint64_t count);

} // namespace tests
