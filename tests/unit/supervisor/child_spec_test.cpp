// SPDX-License-Identifier: Apache-2.0
#include "supervisor/child_spec.hpp"

#include "tests/support/catch.hpp"

using namespace supervisor;
using namespace std::chrono_literals;

namespace {

child_spec child(const std::string& id, const std::string& group = "") {
  child_spec spec;
  spec.id = id;
  spec.group = group;
  spec.start = [](caf::actor_system&, std::uint64_t) { return caf::actor{}; };
  spec.forget = [] {};
  return spec;
}

std::string fault(const std::vector<child_spec>& children) {
  auto outcome = validate(children);
  return outcome ? "none" : outcome.error().text;
}

} // namespace

TEST_CASE("a list of groups and single children is accepted") {
  CHECK(fault({child("a"), child("b", "g"), child("c", "g"), child("d"), child("e", "h")})
        == "none");
}

TEST_CASE("what is wrong with a list of children names the child") {
  auto no_start = child("a");
  no_start.start = nullptr;
  auto no_time = child("a");
  no_time.start_budget = 0ms;
  auto lone_owner = child("a");
  lone_owner.owns_store = true;
  struct {
    std::vector<child_spec> children;
    std::string text;
  } const cases[] = {
      {{child("")}, "child '': has no id"},
      {{child("a"), child("a")}, "child 'a': the id is taken"},
      {{child("a", "g"), child("b"), child("c", "g")},
       "child 'c': group 'g' is interrupted by another child"},
      {{child("a", "g"), child("g")}, "child 'a': its group has the name of a child"},
      {{no_start}, "child 'a': needs a start and a forget function"},
      {{no_time}, "child 'a': budgets must be above zero"},
      {{lone_owner}, "child 'a': owns a store and must belong to a group with a gate"},
  };
  for (const auto& each : cases)
    CHECK(fault(each.children) == each.text);
}

TEST_CASE("a list is cut into what lives and ends together") {
  auto units =
      split_into_units({child("a"), child("b", "g"), child("c", "g"), child("d"), child("e")});
  REQUIRE(units.size() == 4);
  CHECK(units[1].size() == 2);
  CHECK(units[1].back().id == "c");
  CHECK(units[3].front().id == "e");
}
