// SPDX-License-Identifier: Apache-2.0
#include <concepts>
#include <type_traits>
#include <unordered_set>

#include "base/tagged.hpp"
#include "tests/support/catch.hpp"

namespace {

struct apple_tag;
struct pear_tag;
using apple = base::tagged_position<apple_tag>;
using pear = base::tagged_position<pear_tag>;
using apple_id = base::tagged_id<apple_tag>;

template <class Left, class Right>
concept comparable = requires(Left left, Right right) { left == right; };
template <class Left, class Right>
concept addable = requires(Left left, Right right) { left + right; };
template <class Left, class Right>
concept subtractable = requires(Left left, Right right) { left - right; };

// What must not compile.
static_assert(!comparable<apple, pear>);
static_assert(!std::convertible_to<apple, pear>);
static_assert(!std::convertible_to<std::uint64_t, apple>);
static_assert(!std::convertible_to<apple, std::uint64_t>);
static_assert(!addable<apple, apple>);
static_assert(!subtractable<apple, pear>);
static_assert(!addable<apple_id, std::uint64_t>);
static_assert(!subtractable<apple_id, apple_id>);
static_assert(std::is_trivially_copyable_v<apple>);

} // namespace

TEST_CASE("positions step, move by counts and have distances", "[base]") {
  CHECK(apple{4}.next() == apple{5});
  CHECK(apple{4}.previous() == apple{3});
  CHECK(apple{4} + 3 == apple{7});
  CHECK(apple{7} - apple{4} == 3);
  CHECK(apple{}.value == 0);
}

TEST_CASE("positions are ordered by their number", "[base]") {
  CHECK(apple{1} < apple{2});
  CHECK(apple{2} >= apple{2});
}

TEST_CASE("identifiers and positions can be kept in hashed sets", "[base]") {
  std::unordered_set<apple> positions{apple{1}, apple{1}, apple{2}};
  std::unordered_set<apple_id> ids{apple_id{1}};
  CHECK(positions.size() == 2);
  CHECK(ids.contains(apple_id{1}));
}
