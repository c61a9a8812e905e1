// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "raft/quorum.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_server.hpp"

using namespace raft;
using raft_test::voters;

namespace {

bool decides(const membership& members, const std::set<std::uint64_t>& who) {
  return is_quorum(members, [&](const member& each) { return who.contains(each.id.value); });
}

log_index agreed(const membership& members, const std::map<std::uint64_t, std::uint64_t>& match) {
  return agreed_index(members, [&](const member& each) {
    auto found = match.find(each.id.value);
    return log_index{found == match.end() ? 0 : found->second};
  });
}

membership joint(std::initializer_list<std::uint64_t> next,
                 std::initializer_list<std::uint64_t> old) {
  auto members = voters(next);
  members.outgoing_voters = voters(old).voters;
  return members;
}

} // namespace

TEST_CASE("a majority is more than half", "[raft][thesis 3.4]") {
  CHECK(decides(voters({1}), {1}));
  CHECK_FALSE(decides(voters({1, 2}), {1}));
  CHECK(decides(voters({1, 2, 3}), {1, 3}));
  CHECK_FALSE(decides(voters({1, 2, 3, 4}), {1, 2}));
  CHECK(decides(voters({1, 2, 3, 4, 5}), {1, 2, 5}));
}

TEST_CASE("strangers do not count, and nobody decides for no one", "[raft]") {
  CHECK_FALSE(decides(voters({1, 2, 3}), {1, 7, 8}));
  CHECK_FALSE(decides(voters({}), {1}));
}

TEST_CASE("a joint configuration needs both majorities", "[raft][thesis 4.3]") {
  auto members = joint({3, 4, 5}, {1, 2, 3});
  CHECK(decides(members, {2, 3, 4}));
  CHECK_FALSE(decides(members, {3, 4, 5}));
  CHECK_FALSE(decides(members, {1, 2, 3}));
}

TEST_CASE("the agreed index is the highest that a majority has", "[raft][thesis 3.6.2]") {
  CHECK(agreed(voters({1}), {{1, 7}}) == log_index{7});
  CHECK(agreed(voters({1, 2}), {{1, 7}, {2, 5}}) == log_index{5});
  CHECK(agreed(voters({1, 2, 3}), {{1, 7}, {2, 5}, {3, 1}}) == log_index{5});
  CHECK(agreed(voters({1, 2, 3, 4}), {{1, 9}, {2, 8}, {3, 3}, {4, 1}}) == log_index{3});
  CHECK(agreed(voters({}), {}) == log_index{0});
  CHECK(agreed(joint({1, 2, 3}, {3, 4, 5}), {{1, 9}, {2, 9}, {3, 2}, {4, 4}}) == log_index{2});
}

TEST_CASE("an election is won, lost or open", "[raft][thesis 3.4]") {
  auto outcome = [](const std::map<std::uint64_t, bool>& answers) {
    ballot votes;
    for (const auto& [id, is_granted] : answers)
      votes[{server_id{id}, {}}] = is_granted;
    return outcome_of(voters({1, 2, 3}), votes);
  };
  CHECK(outcome({{1, true}}) == vote_outcome::pending);
  CHECK(outcome({{1, true}, {2, false}}) == vote_outcome::pending);
  CHECK(outcome({{1, true}, {3, true}}) == vote_outcome::won);
  CHECK(outcome({{1, true}, {2, false}, {3, false}}) == vote_outcome::lost);
}

TEST_CASE("a vote counts for the life that the configuration names", "[raft][two stores 18]") {
  auto life = [](const char* name) { return base::uuid_from_name(name); };
  auto members = voters({1, 2, 3});
  members.voters[1].incarnation = life("first");
  ballot votes{{{server_id{1}, {}}, true}, {{server_id{2}, life("second")}, true}};
  CHECK(outcome_of(members, votes) == vote_outcome::pending);
  votes[{server_id{2}, life("first")}] = true;
  CHECK(outcome_of(members, votes) == vote_outcome::won);
  // Any life of a founder whose life is not known yet.
  votes = {{{server_id{1}, life("any")}, true}, {{server_id{3}, life("other")}, true}};
  CHECK(outcome_of(members, votes) == vote_outcome::won);
}
