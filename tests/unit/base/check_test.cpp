// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("a broken rule is thrown with its name, its expression and its place", "[base]") {
  auto breaks = [] { BASE_CHECK(1 + 1 == 3, "INV-00: arithmetic"); };
  CHECK_THROWS_AS(breaks(), base::invariant_violation);
  CHECK_THROWS_WITH(breaks(), matchers::StartsWith("INV-00: arithmetic [1 + 1 == 3 at "));
  CHECK_THROWS_WITH(breaks(), matchers::ContainsSubstring("check_test.cpp:"));
}

TEST_CASE("a kept rule costs no text", "[base]") {
  int texts = 0;
  auto text = [&texts] {
    ++texts;
    return std::string("text");
  };
  BASE_CHECK(true, text());
  CHECK(texts == 0);
}

TEST_CASE("a check is one statement", "[base]") {
  bool is_else_taken = false;
  if (false)
    BASE_CHECK(false, "not reached");
  else
    is_else_taken = true;
  CHECK(is_else_taken);
}
