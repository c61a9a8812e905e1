// SPDX-License-Identifier: Apache-2.0
#pragma once

// Catch2 2.13 (Debian 12) and 3.x (Debian 13) under one spelling. Include this and nothing of Catch2's
// own. The macros are the same in both (TEST_CASE, SECTION, CHECK, REQUIRE, CHECK_THAT, GENERATE,
// CAPTURE, INFO, CHECK_THROWS_AS, TEMPLATE_TEST_CASE, TEST_CASE_METHOD). What changed its name or
// namespace between the two is in `matchers` below, under the name of version 3; also `Approx`.
#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>

namespace matchers {

using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::Equals;
using Catch::Matchers::Matches;
using Catch::Matchers::MessageMatches;
using Catch::Matchers::Predicate;
using Catch::Matchers::StartsWith;
using Catch::Matchers::VectorContains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

/// Matches an exception whose what() equals `message`.
inline auto Message(const std::string& message) {
  return Catch::Matchers::Message(message);
}

} // namespace matchers
#else
#include <catch2/catch.hpp>

#include <string>

namespace matchers {

using Catch::Matchers::EndsWith;
using Catch::Matchers::Equals;
using Catch::Matchers::Matches;
using Catch::Matchers::Message;
using Catch::Matchers::Predicate;
using Catch::Matchers::StartsWith;
using Catch::Matchers::VectorContains;
using Catch::Matchers::WithinAbs;
using Catch::Matchers::WithinRel;

/// Matches a string that contains `part`.
inline auto ContainsSubstring(
    const std::string& part, Catch::CaseSensitive::Choice sensitivity = Catch::CaseSensitive::Yes) {
  return Catch::Matchers::Contains(part, sensitivity);
}

} // namespace matchers
#endif

using Catch::Approx;
