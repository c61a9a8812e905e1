// SPDX-License-Identifier: Apache-2.0
#include "node/versions.hpp"
#include "tests/support/catch.hpp"

TEST_CASE("the WAL-reset bug is in SQLite 3.7.0 to 3.51.2, but in no fixed branch", "[versions]") {
  for (int affected : {3'007'000, 3'040'001, 3'044'005, 3'045'000, 3'046'001, 3'050'006, 3'051'002})
    CHECK(node::has_wal_reset_bug(affected));
  for (int sound : {3'006'023, 3'044'006, 3'044'099, 3'050'007, 3'051'003, 3'052'000})
    CHECK_FALSE(node::has_wal_reset_bug(sound));
}

TEST_CASE("the versions of what is linked are known", "[versions]") {
  auto linked = node::linked_versions();
  for (const auto& each : {linked.aspen, linked.caf, linked.sqlite, linked.lmdb, linked.httplib})
    CHECK_THAT(each, matchers::Matches("[0-9]+\\.[0-9]+\\.[0-9]+.*"));
}
