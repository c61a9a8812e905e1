// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"
#include "tests/unit/transport/fuzz_codec.hpp"

TEST_CASE("INV-130, INV-131: a hundred thousand malformed inputs are refused or read, and no more",
          "[transport][fuzz]") {
  auto counts = tests::fuzz_codec(20261123, 50'000);
  CHECK(counts.frames + counts.bodies == 100'000);
  // Both sides of every decoder are met.
  CHECK(counts.refused > 50'000);
  CHECK(counts.accepted > 1'000);
}
