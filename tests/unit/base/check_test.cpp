// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"

#include <string>
#include <vector>

#include "base/check_observer.hpp"
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

TEST_CASE("an observer is told of a broken rule before anybody catches it", "[base]") {
  std::vector<std::string> told;
  base::observe_checks([&told](const std::string& what) { told.push_back(what); });
  auto breaks = [] { BASE_CHECK(false, "INV-00: told"); };
  CHECK_THROWS_AS(breaks(), base::invariant_violation);
  CHECK_THROWS_AS(breaks(), base::invariant_violation);
  base::observe_checks({});
  CHECK_THROWS_AS(breaks(), base::invariant_violation);
  REQUIRE(told.size() == 2);
  CHECK_THAT(told[0], matchers::StartsWith("INV-00: told ["));
}

TEST_CASE("what breaks in the observer itself is not told again", "[base]") {
  int told = 0;
  base::observe_checks([&told](const std::string&) {
    ++told;
    try {
      BASE_CHECK(told == 0, "INV-00: within");
    } catch (const base::invariant_violation&) {
    }
  });
  auto breaks = [] { BASE_CHECK(false, "INV-00: outside"); };
  CHECK_THROWS_WITH(breaks(), matchers::StartsWith("INV-00: outside"));
  base::observe_checks({});
  CHECK(told == 1);
}
