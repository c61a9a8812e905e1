// SPDX-License-Identifier: Apache-2.0
#include "tests/actors/cluster_fixture.hpp"

namespace actors {

namespace {

struct membership_fixture : cluster_fixture {
  std::shared_ptr<slot<cluster_changed>> ask(cluster_node& where, cluster_change what) {
    auto answer = std::make_shared<slot<cluster_changed>>(nullptr);
    where.door->change_cluster({std::move(what), reply_to<cluster_changed>(answer)});
    return answer;
  }
  answer<cluster_changed> change(cluster_change what) { return told(ask(leader(), what)); }

  bool is_voter(std::uint64_t id) {
    for (const auto& each : leader().core().membership.voters)
      if (each.id == raft::server_id{id})
        return true;
    return false;
  }
};

} // namespace

TEST_CASE_METHOD(membership_fixture, "a joined server learns, is promoted and votes",
                 "[cluster][membership]") {
  wait_for_leader();
  REQUIRE(told(leader().put("k", "v")));
  auto& fourth = join(4);
  pass(std::chrono::seconds(1));
  CHECK(fourth.core().role == raft::role_name::learner);
  auto added = change(add_member{raft::server_id{4}, address_of(4)});
  REQUIRE(added);
  CHECK(added->members.learners.size() == 1);
  CHECK(added->members.learners.front().http_addr == "http4:1");
  wait_until([&] { return fourth.core().last_applied >= added->index; }, "it has caught up");
  REQUIRE(change(promote_member{raft::server_id{4}}));
  CHECK(is_voter(4));
  CHECK(value_of(fourth.get("k")) == "v");
}

TEST_CASE_METHOD(membership_fixture, "a server that does not answer is not proposed",
                 "[cluster][membership][INV-99]") {
  wait_for_leader();
  auto refused = change(add_member{raft::server_id{4}, "nowhere:1"});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().reason == "unreachable");
  CHECK(refused.error().committed == commit_status::no);
  CHECK(leader().core().membership.find(raft::server_id{4}) == nullptr);
}

TEST_CASE_METHOD(membership_fixture, "only the leader changes the membership, and is named",
                 "[cluster][membership]") {
  wait_for_leader();
  auto refused = told(ask(follower(), remove_member{raft::server_id{1}}));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == failure_code::leader_elsewhere);
}

TEST_CASE_METHOD(membership_fixture, "a member that is removed is one no longer",
                 "[cluster][membership]") {
  wait_for_leader();
  auto gone = follower().identity.server;
  auto removed = change(remove_member{gone});
  REQUIRE(removed);
  CHECK_FALSE(is_voter(gone.value));
  REQUIRE(told(leader().put("k", "v")));
  CHECK(change(remove_member{raft::server_id{9}}).error().code == failure_code::unknown_member);
}

TEST_CASE_METHOD(membership_fixture, "leadership goes where the operator wants it",
                 "[cluster][membership]") {
  wait_for_leader();
  auto heir = follower().identity.server;
  auto moved = change(transfer_leadership{heir});
  REQUIRE(moved);
  CHECK(moved->leader == heir);
  wait_for_leader();
  CHECK(leader().identity.server == heir);
}

TEST_CASE_METHOD(membership_fixture, "a put on any node is acknowledged with its index",
                 "[cluster][forward]") {
  wait_for_leader();
  for (std::uint64_t id = 1; id <= 3; ++id) {
    auto done = told((*this)[id].put("k" + std::to_string(id), "v"));
    REQUIRE(done);
    for (std::uint64_t other = 1; other <= 3; ++other)
      CHECK(value_of((*this)[other].get("k" + std::to_string(id))) == "v");
  }
  CHECK(told(follower().remove("k1"))->rows_deleted == 1);
}

} // namespace actors
