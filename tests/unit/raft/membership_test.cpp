// SPDX-License-Identifier: Apache-2.0
#include "base/check.hpp"
#include "raft/membership.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_server.hpp"

using namespace raft;
using raft_test::voters;

namespace {

membership full() {
  membership members;
  members.voters = {{server_id{1}, base::uuid_from_name("one"), "a:1", "b:2"},
                    {server_id{2}, {}, "", ""}};
  members.outgoing_voters = {{server_id{3}, base::uuid_from_name("three"), "c:3", "d:4"}};
  members.learners = {{server_id{1ull << 63}, {}, std::string(300, 'h'), ""}};
  return members;
}

} // namespace

TEST_CASE("a membership reads back as it was written", "[raft]") {
  membership read;
  REQUIRE(decode(encode(full()), read));
  CHECK(read == full());
  REQUIRE(decode(encode({}), read));
  CHECK(read == membership{});
}

TEST_CASE("a membership has one byte form", "[raft]") {
  // The layout of docs/protocol.md; a change here is a change of the format.
  CHECK(base::to_hex(base::byte_view(encode(voters({258}))))
        == "01"
           "01000000"
           "0201000000000000"
           "00000000000000000000000000000000"
           "0000"
           "0000"
           "00000000"
           "00000000");
}

TEST_CASE("anything but one whole membership is refused", "[raft]") {
  membership read;
  auto bytes = encode(full());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode(std::string_view(bytes).substr(0, size), read));
  CHECK_FALSE(decode(bytes + "x", read));
  bytes[0] = 2;
  CHECK_FALSE(decode(bytes, read));
}

TEST_CASE("a count that no bytes follow costs nothing", "[raft]") {
  membership read;
  CHECK_FALSE(decode(std::string("\x01\xff\xff\xff\xff", 5), read));
}

TEST_CASE("a sole voter is alone in every set of voters", "[raft]") {
  CHECK(voters({1}).is_sole_voter(server_id{1}));
  CHECK_FALSE(voters({1}).is_sole_voter(server_id{2}));
  CHECK_FALSE(voters({1, 2}).is_sole_voter(server_id{1}));
  auto members = voters({1});
  members.learners = voters({2}).voters;
  CHECK(members.is_sole_voter(server_id{1}));
  members.outgoing_voters = voters({1, 2}).voters;
  CHECK_FALSE(members.is_sole_voter(server_id{1}));
}

TEST_CASE("members are voters, outgoing voters and learners", "[raft]") {
  CHECK(full().is_voter(server_id{3}));
  CHECK_FALSE(full().is_voter(server_id{1ull << 63}));
  CHECK(full().is_member(server_id{1ull << 63}));
  CHECK_FALSE(full().is_member(server_id{4}));
}

TEST_CASE("all founders derive the same first entry", "[raft]") {
  auto cluster = base::uuid_from_name("c");
  auto first = founding_entry(cluster, voters({1, 2, 3}));
  CHECK(first == founding_entry(cluster, voters({1, 2, 3})));
  CHECK(first.id == entry_id{log_index{1}, term{0}});
  CHECK_FALSE(first.chain == founding_entry(base::uuid_from_name("d"), voters({1, 2, 3})).chain);
}

TEST_CASE("a membership takes effect on append and goes with its entry", "[raft][thesis 4.1]") {
  membership_history history({log_index{0}, voters({1})}, {});
  history.append(log_index{5}, voters({1, 2}));
  history.append(log_index{9}, voters({1, 2, 3}));
  CHECK(history.current() == voters({1, 2, 3}));
  CHECK(history.at(log_index{8}) == voters({1, 2}));
  CHECK(history.at(log_index{4}) == voters({1}));
  history.truncate_from(log_index{9});
  CHECK(history.current() == voters({1, 2}));
  history.forget_before(log_index{7});
  history.truncate_from(log_index{8});
  CHECK(history.current() == voters({1, 2}));
}

TEST_CASE("memberships are recorded in the log's order", "[raft]") {
  membership_history history({log_index{0}, voters({1})}, {});
  history.append(log_index{5}, voters({1, 2}));
  CHECK_THROWS_AS(history.append(log_index{5}, voters({1})), base::invariant_violation);
}
