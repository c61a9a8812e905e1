// SPDX-License-Identifier: Apache-2.0
#include "actors/peer_contacts.hpp"
#include "actors/peer_inbox.hpp"
#include "tests/support/catch.hpp"

namespace actors {

namespace {

raft::message entries(std::size_t bytes) {
  raft::append_entries body{};
  body.entries.emplace_back();
  body.entries.back().payload = raft::payload(std::string(bytes, 'x'));
  return body;
}

raft::membership voters(std::initializer_list<std::uint64_t> ids) {
  raft::membership made;
  for (auto id : ids)
    made.voters.push_back({raft::server_id{id}, {}, "", ""});
  return made;
}

} // namespace

TEST_CASE("what waits is bounded in bytes, and comes back when it was handled", "[INV-97]") {
  auto budget = std::make_shared<inbound_budget>(10000);
  auto first = inbound_message::admit(budget, entries(6000));
  REQUIRE(first);
  CHECK_FALSE(inbound_message::admit(budget, entries(6000)));
  CHECK(inbound_message::admit(budget, entries(1000)));
  first.reset();
  CHECK(budget->taken() == 0);
}

TEST_CASE("a message larger than the bound passes when nothing else waits", "[INV-97]") {
  auto budget = std::make_shared<inbound_budget>(100);
  auto alone = inbound_message::admit(budget, entries(6000));
  CHECK(alone);
  CHECK_FALSE(inbound_message::admit(budget, entries(1)));
}

TEST_CASE("a quorum was heard when a majority was, this server included") {
  peer_contacts contacts;
  peer_contacts::time_point begin{};
  auto at = [&](int second) { return begin + std::chrono::seconds(second); };
  auto three = voters({1, 2, 3});
  CHECK_FALSE(contacts.quorum(three, raft::server_id{1}, at(9)));
  contacts.heard(raft::server_id{2}, at(4));
  contacts.heard(raft::server_id{3}, at(6));
  CHECK(contacts.quorum(three, raft::server_id{1}, at(9)) == at(6));
  CHECK(contacts.quorum(voters({1}), raft::server_id{1}, at(9)) == at(9));
  contacts.keep(voters({1, 2}));
  CHECK_FALSE(contacts.last(raft::server_id{3}));
}

} // namespace actors
