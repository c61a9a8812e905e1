// SPDX-License-Identifier: Apache-2.0
#include "raft/bounds.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_cluster.hpp"

using namespace raft;
using raft_test::config_of;
using raft_test::core_cluster;
using raft_test::core_server;
using raft_test::voters;

namespace {

void tick_times(core_server& server, int count) {
  for (int i = 0; i < count; ++i)
    server.tick();
}

void tick_until_it_asks(core_server& server) {
  while (server.status().role == role_name::follower)
    server.tick();
}

template <class Message>
std::vector<Message> taken_from(core_server& server) {
  std::vector<Message> found;
  for (const auto& each : server.outbox)
    if (const auto* wanted = std::get_if<Message>(&each.body))
      found.push_back(*wanted);
  server.outbox.clear();
  return found;
}

request_vote vote_request(std::uint64_t asked_term, entry_id last, bool is_pre_vote = false) {
  return {term{asked_term}, last, is_pre_vote, false};
}

/// One of three founders, with nobody to talk to but the test.
class one_of_three : public core_server {
public:
  one_of_three() : core_server(1, voters({1, 2, 3})) { start(); }
};

} // namespace

TEST_CASE("three servers elect one leader", "[raft][thesis 3.4]") {
  core_cluster cluster({1, 2, 3});
  cluster.tick_until([&] { return cluster.leader() != nullptr; });
  CHECK(cluster.leader()->status().current_term == term{1});
}

TEST_CASE("one of several waits out its election timeout", "[raft][thesis 3.4]") {
  one_of_three server;
  tick_times(server, 9);
  CHECK(server.status().role == role_name::follower);
  tick_times(server, 11);
  CHECK(server.status().role == role_name::pre_candidate);
}

TEST_CASE("a pre-candidate changes neither its term nor its vote", "[raft][thesis 9.6]") {
  one_of_three server;
  tick_until_it_asks(server);
  auto asked = taken_from<request_vote>(server);
  REQUIRE(asked.size() == 2);
  CHECK(asked[0].is_pre_vote);
  CHECK(asked[0].term == term{1});
  CHECK(server.status().current_term == term{0});
  CHECK_FALSE(server.is_persisting());
}

TEST_CASE("a candidate asks for votes when its own is durable", "[raft][thesis 3.4][INV-19]") {
  one_of_three server;
  tick_until_it_asks(server);
  server.outbox.clear();
  server.step(server_id{2}, request_vote_reply{term{1}, true, true});
  CHECK(server.status().role == role_name::candidate);
  CHECK(server.outbox.empty());
  server.persisted();
  CHECK(taken_from<request_vote>(server).size() == 2);
}

TEST_CASE("an isolated server disturbs nobody when it comes back", "[raft][thesis 9.6]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.cut_off(3);
  for (int i = 0; i < 200; ++i)
    cluster[3].tick();
  cluster.settle();
  CHECK(cluster[3].status().current_term == term{1});
  cluster.heal();
  cluster.tick_until([&] { return cluster[3].status().role == role_name::follower; });
  CHECK(cluster.leader() == &cluster[1]);
  CHECK(cluster[1].status().current_term == term{1});
}

TEST_CASE("a server votes once in a term, and tells it when it is durable", "[raft][thesis 3.4]") {
  one_of_three server;
  entry_id last{log_index{1}, term{0}};
  server.step(server_id{2}, vote_request(1, last));
  CHECK(server.outbox.empty());
  server.persisted();
  CHECK(taken_from<request_vote_reply>(server).at(0).is_granted);
  server.step(server_id{3}, vote_request(1, last));
  CHECK_FALSE(taken_from<request_vote_reply>(server).at(0).is_granted);
  server.step(server_id{2}, vote_request(1, last)); // asked again: the answer was lost
  CHECK(taken_from<request_vote_reply>(server).at(0).is_granted);
}

TEST_CASE("a vote survives a crash", "[raft][thesis 3.8][INV-02]") {
  one_of_three server;
  entry_id last{log_index{1}, term{0}};
  server.step(server_id{2}, vote_request(1, last));
  server.settle();
  server.crash();
  server.outbox.clear();
  server.start();
  server.step(server_id{3}, vote_request(1, last));
  CHECK_FALSE(taken_from<request_vote_reply>(server).at(0).is_granted);
}

TEST_CASE("a vote goes to a log that is at least as up to date", "[raft][thesis 3.6.1]") {
  one_of_three server;
  // Own log: founding entry 1/0, then 2/2.
  entry own{{log_index{2}, term{2}}, entry_kind::no_op, 0, {}, 0, 0, {}, {}};
  auto founding = server.disk().at(log_index{1});
  own.chain = next_chain(founding.chain, own.id, own.kind, own.payload.hash());
  server.step(server_id{2},
              append_entries{term{2}, founding.id, founding.chain, {own}, log_index{1}, 0});
  server.settle();
  server.outbox.clear();
  tick_times(server, 10); // the leader is silent
  auto answer = [&](entry_id last) {
    server.step(server_id{3}, vote_request(3, last));
    server.settle();
    return taken_from<request_vote_reply>(server).at(0).is_granted;
  };
  CHECK_FALSE(answer({log_index{9}, term{1}})); // longer, but of an earlier term
  CHECK_FALSE(answer({log_index{1}, term{2}})); // shorter
  CHECK(answer({log_index{2}, term{2}}));
}

TEST_CASE("who hears from a leader lets nobody disturb it", "[raft][thesis 4.2.3]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  bool is_pre_vote = GENERATE(true, false);
  cluster[2].step(server_id{3}, vote_request(9, {log_index{99}, term{8}}, is_pre_vote));
  CHECK(cluster[2].outbox.empty());
  CHECK(cluster[2].status().current_term == term{1});
}

TEST_CASE("a vote that the leader asked for is not disturbance", "[raft][thesis 3.10]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[2].step(server_id{3}, request_vote{term{2}, {log_index{2}, term{1}}, false, true});
  CHECK(cluster[2].status().current_term == term{2});
  CHECK(cluster[2].status().voted_for == server_id{3});
}

TEST_CASE("a granted pre-vote is neither recorded nor a leader's sign of life",
          "[raft][thesis 9.6]") {
  one_of_three server;
  tick_times(server, 8);
  server.step(server_id{2}, vote_request(1, {log_index{1}, term{0}}, true));
  auto answers = taken_from<request_vote_reply>(server);
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].is_granted);
  CHECK(answers[0].term == term{1});
  CHECK(server.status().current_term == term{0});
  CHECK(server.status().voted_for == server_id{});
  tick_times(server, 12);
  CHECK(server.status().role == role_name::pre_candidate);
}

TEST_CASE("a leader without its quorum steps down", "[raft][thesis 6.2]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.cut_off(1);
  for (int i = 0; i < 20; ++i) {
    cluster[1].tick();
    cluster.settle();
  }
  CHECK(cluster[1].status().role != role_name::leader);
}

namespace {

// Its disk hangs, whoever of `hanging` it is: it hears and answers, and finishes no persist.
void tick_while_disks_hang(core_cluster& cluster, const std::vector<std::uint64_t>& hanging,
                           std::uint32_t ticks) {
  auto deliver_all = [&cluster](core_server& one) {
    while (!one.outbox.empty())
      cluster.deliver_from(one);
  };
  for (std::uint32_t i = 0; i < ticks; ++i) {
    cluster[1].tick();
    cluster[1].settle();
    deliver_all(cluster[1]);
    for (auto id : hanging) {
      cluster[id].tick();
      deliver_all(cluster[id]);
    }
  }
}

const auto check_ticks = config_of(1).election_timeout_ticks_min;

} // namespace

// Found by the simulator: a follower with a full disk kept a leader that could commit nothing, and
// a majority in good order, which that leader could not hear, waited for it.
TEST_CASE("a leader steps down when its quorum answers but takes nothing", "[raft][thesis 6.2]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster.cut_off(3);
  tick_while_disks_hang(cluster, {2}, 20 * check_ticks);
  CHECK(cluster[1].status().role == role_name::leader); // it owes nobody anything
  cluster[1].put(1, "a=1");
  tick_while_disks_hang(cluster, {2}, bounds::stalled_checks_max * check_ticks - 1);
  CHECK(cluster[2].is_persisting());
  CHECK(cluster[1].status().role == role_name::leader);
  tick_while_disks_hang(cluster, {2}, 3 * check_ticks);
  CHECK(cluster[1].status().role != role_name::leader);
  cluster.tick_until([&] { return cluster.leader() != nullptr; });
  cluster.settle();
  CHECK(cluster.leader()->disk().at(log_index{3}).payload.bytes() == "a=1");
}

TEST_CASE("a leader stays when no majority without the disks that hang is left",
          "[raft][thesis 6.2]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].put(1, "a=1");
  tick_while_disks_hang(cluster, {2, 3}, 20 * check_ticks);
  CHECK(cluster[2].is_persisting());
  CHECK(cluster[1].status().role == role_name::leader);
}

TEST_CASE("a leader steps down when an answer is of a newer term", "[raft][thesis 3.3]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].step(server_id{2}, append_entries_reply{term{7}, append_conflict{}, 0});
  CHECK(cluster[1].status().role == role_name::follower);
  CHECK(cluster[1].status().current_term == term{7});
}

TEST_CASE("a candidate yields to a leader of its own term", "[raft][thesis 3.4]") {
  one_of_three server;
  tick_until_it_asks(server);
  server.step(server_id{2}, request_vote_reply{term{1}, true, true});
  server.settle();
  auto founding = server.disk().at(log_index{1});
  server.step(server_id{3},
              append_entries{term{1}, founding.id, founding.chain, {}, log_index{1}, 0});
  CHECK(server.status().role == role_name::follower);
  CHECK(server.status().leader == server_id{3});
}

TEST_CASE("a split vote is followed by another election", "[raft][thesis 3.4]") {
  core_cluster cluster({1, 2, 3, 4});
  // Each of two candidates has its own vote and one more.
  for (auto [candidate, voter] : {std::pair{1, 2}, std::pair{3, 4}}) {
    auto& asking = cluster[static_cast<std::uint64_t>(candidate)];
    tick_until_it_asks(asking);
    for (std::uint64_t id = 1; id <= 4; ++id)
      if (id != static_cast<std::uint64_t>(candidate))
        asking.step(server_id{id}, request_vote_reply{term{1}, true, true});
    asking.settle();
    cluster[static_cast<std::uint64_t>(voter)].step(asking.id(),
                                                    vote_request(1, {log_index{1}, term{0}}));
    asking.outbox.clear();
  }
  cluster.settle();
  CHECK(cluster.leader() == nullptr);
  cluster.tick_until([&] { return cluster.leader() != nullptr; });
  CHECK(cluster.leader()->status().current_term > term{1});
}

TEST_CASE("messages of past terms change nothing", "[raft][thesis 3.3]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].step(server_id{2}, append_entries_reply{term{0}, append_accepted{log_index{99}}, 0});
  cluster[1].step(server_id{2}, request_vote_reply{term{0}, true, false});
  CHECK(cluster[1].outbox.empty());
  SECTION("but a request is told the current term") {
    cluster[1].step(server_id{2}, append_entries{term{0}, {}, {}, {}, log_index{0}, 7, 9});
    auto reply = taken_from<append_entries_reply>(cluster[1]).at(0);
    CHECK(reply.term == term{1});
    // Its leader may lead this term too, and has begun to count anew.
    CHECK(reply.read_round == 0);
    CHECK(reply.number == 0);
  }
}

TEST_CASE("a learner never campaigns", "[raft][thesis 4.2.1]") {
  auto members = voters({1});
  members.learners.push_back({server_id{2}, {}, "", ""});
  core_server server(2, members);
  server.start();
  tick_times(server, 1000);
  CHECK(server.status().role == role_name::learner);
  CHECK(server.outbox.empty());
}
