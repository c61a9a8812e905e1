// SPDX-License-Identifier: Apache-2.0
#include <nlohmann/json.hpp>

#include "http/cluster_view.hpp"
#include "http/health.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/http/running_server.hpp"

using matchers::ContainsSubstring;
using nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

raft::server_id id(std::uint64_t number) {
  return raft::server_id{number};
}

actors::peer_link link_to(std::uint64_t number, bool is_connected) {
  actors::peer_link link;
  link.id = id(number);
  link.raft_addr = "peer" + std::to_string(number) + ":1";
  link.http_addr = "http" + std::to_string(number) + ":1";
  link.version = "0.1.0";
  link.is_connected = is_connected;
  link.trouble = is_connected ? "" : "connection refused";
  link.round_trip = std::chrono::microseconds(250);
  return link;
}

/// Node 1 leads 2 and 3, and 4 learns; all is well.
struct leading_node {
  actors::raft_status raft;
  actors::peers_status peers;
  std::chrono::steady_clock::time_point now = std::chrono::steady_clock::now();

  leading_node() {
    raft.last_tick = now;
    raft.core.role = raft::role_name::leader;
    raft.core.leader = id(1);
    raft.core.commit_index = raft.core.last_applied = raft::log_index{100};
    raft.leading_since = now - seconds(60);
    auto add = [this](std::uint64_t number, std::vector<raft::member>& to) {
      to.push_back({id(number), {}, "peer" + std::to_string(number) + ":1", ""});
      if (number == 1)
        return;
      peers.links.push_back(link_to(number, true));
      raft.heard.emplace_back(id(number), now - milliseconds(100));
      raft::peer_status peer;
      peer.id = id(number);
      peer.match_index = raft::log_index{97 + number};
      peer.lag = 3 - number % 3;
      raft.core.peers.push_back(peer);
    };
    add(1, raft.core.membership.voters);
    add(2, raft.core.membership.voters);
    add(3, raft.core.membership.voters);
    add(4, raft.core.membership.learners);
  }

  std::vector<http::member_view> members() const {
    return http::view_members({std::make_shared<actors::raft_status>(raft),
                               std::make_shared<actors::peers_status>(peers), id(1), "http1:1",
                               now});
  }
  http::health_check check() const {
    http::health_input input;
    input.phase = actors::phase::running;
    input.raft = std::make_shared<actors::raft_status>(raft);
    input.peers = std::make_shared<actors::peers_status>(peers);
    input.storage = std::make_shared<actors::storage_status>();
    input.self = id(1);
    input.now = now;
    return http::assess(input).checks.at(1);
  }
};

} // namespace

TEST_CASE("A leader knows of every member what there is to know") {
  auto members = leading_node().members();
  REQUIRE(members.size() == 4);
  CHECK(members[0].is_self);
  CHECK(members[0].http_addr == "http1:1");
  CHECK(members[1].match_index == raft::log_index{99});
  CHECK(members[1].is_reachable == true);
  CHECK(members[1].last_contact == milliseconds(100));
  CHECK(members[1].version == "0.1.0");
  CHECK_FALSE(members[3].is_voter);
}

TEST_CASE("How far others are a follower does not know, but whom it is linked with") {
  leading_node node;
  node.raft.core.role = raft::role_name::follower;
  node.raft.core.peers.clear();
  auto members = node.members();
  CHECK_FALSE(members[1].match_index);
  CHECK_FALSE(members[1].lag);
  CHECK(members[1].is_reachable == true);
}

TEST_CASE("A lost peer is a warning that names it and says why") {
  leading_node node;
  CHECK(node.check().status == http::check_status::ok);
  node.peers.links[1] = link_to(3, false);
  CHECK(node.check().status == http::check_status::warning);
  CHECK(node.check().message == "peer 3 (peer3:1) is not reachable: connection refused");
}

TEST_CASE("A peer whose node is linked and whose actor is silent is told from a lost one") {
  leading_node node;
  node.raft.heard[0].second = node.now - seconds(10);
  CHECK(node.check().message == "peer 2 (peer2:1) is linked, but its Raft actor does not answer");
  node.raft.leading_since = node.now; // it had no time to answer this leader yet
  CHECK(node.check().status == http::check_status::ok);
}

TEST_CASE("A node that waits to be added says so") {
  leading_node node;
  node.raft.core.membership = {};
  CHECK_THAT(node.check().message, ContainsSubstring("waits to be added"));
}

TEST_CASE("A change of the membership reaches the actors as it was asked for") {
  running_server node;
  std::vector<std::string> asked;
  node.gateway.on_change = [&](const actors::cluster_change& what) {
    if (auto* add = std::get_if<actors::add_member>(&what))
      asked.push_back("add " + std::to_string(add->id.value) + " " + add->raft_addr);
    if (auto* promote = std::get_if<actors::promote_member>(&what))
      asked.push_back("promote " + std::to_string(promote->id.value));
    if (auto* remove = std::get_if<actors::remove_member>(&what))
      asked.push_back("remove " + std::to_string(remove->id.value));
    if (auto* transfer = std::get_if<actors::transfer_leadership>(&what))
      asked.push_back("transfer " + std::to_string(transfer->to.value));
    return actors::cluster_changed{{}, id(1), raft::log_index{7}};
  };
  CHECK(node.ask("POST", "/v1/cluster/members", R"({"id":4,"raft_addr":"a:1"})").status == 200);
  CHECK(node.ask("POST", "/v1/cluster/members/4/promote").status == 200);
  CHECK(node.ask("DELETE", "/v1/cluster/members/2").status == 200);
  CHECK(node.ask("POST", "/v1/cluster/transfer-leader").status == 200);
  auto last = node.ask("POST", "/v1/cluster/transfer-leader", R"({"to":3})");
  CHECK(json::parse(last.body)["index"] == 7);
  CHECK(asked
        == std::vector<std::string>{"add 4 a:1", "promote 4", "remove 2", "transfer 0",
                                    "transfer 3"});
}

TEST_CASE("A refused change says what was not done, and who could do it") {
  running_server node;
  node.gateway.board.publish(leading_node().raft);
  auto refused = [&](actors::failure_code code, std::string_view reason) {
    node.gateway.on_change =
        [=](const actors::cluster_change&) -> actors::answer<actors::cluster_changed> {
      return tl::unexpected(
          actors::failure{code, actors::commit_status::no, "why", 0, 0, {}, reason});
    };
    return node.ask("DELETE", "/v1/cluster/members/2");
  };
  auto elsewhere = refused(actors::failure_code::leader_elsewhere, "");
  CHECK(elsewhere.status == 409);
  CHECK(json::parse(elsewhere.body)["code"] == "not_leader");
  CHECK(json::parse(elsewhere.body)["leader"]["id"] == 1);
  auto busy = refused(actors::failure_code::conflict, "change_in_progress");
  CHECK(busy.status == 409);
  CHECK(json::parse(busy.body)["code"] == "change_in_progress");
  CHECK(json::parse(busy.body)["committed"] == "no");
  CHECK(refused(actors::failure_code::unmet, "lagging").status == 412);
  CHECK(refused(actors::failure_code::unknown_member, "").status == 404);
}

TEST_CASE("A change that makes no sense is refused before anybody is asked") {
  running_server node;
  auto status = [&](const char* body) {
    return node.ask("POST", "/v1/cluster/members", body).status;
  };
  CHECK(status("[]") == 400);
  CHECK(status("{") == 400);
  CHECK(status(R"({"id":0,"raft_addr":"a:1"})") == 422);
  CHECK(status(R"({"id":-1,"raft_addr":"a:1"})") == 422);
  CHECK(status(R"({"id":4})") == 422);
  CHECK(status(R"({"id":4,"raft_addr":"a:1","vote":true})") == 422);
  CHECK(node.ask("DELETE", "/v1/cluster/members/x").status == 400);
  CHECK(node.ask("POST", "/v1/cluster/members/0/promote").status == 400);
  CHECK(node.ask("POST", "/v1/cluster/transfer-leader", R"({"to":"x"})").status == 422);
}
