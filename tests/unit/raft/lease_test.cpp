// SPDX-License-Identifier: Apache-2.0
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_cluster.hpp"

using namespace raft;
using raft_test::config_of;
using raft_test::core_cluster;
using raft_test::core_server;
using raft_test::memory_disk;
using raft_test::test_cluster;
using raft_test::voters;

namespace {

/// Three servers with leases of which the first leads, heard by all lately.
class leased_cluster : public core_cluster {
public:
  leased_cluster() : core_cluster({}) {
    for (std::uint64_t id : {1, 2, 3}) {
      auto config = config_of(id);
      config.leases_enabled = true;
      add(config, memory_disk(test_cluster, voters({1, 2, 3})));
    }
    elect(1);
    beat();
  }
  void beat() {
    int ticks = 0;
    tick_until([&] { return ++ticks > 3; });
  }
  bool reads_at_once(request_id request) {
    (*this)[1].read(request);
    return (*this)[1].confirmed_index(request).has_value();
  }
};

} // namespace

TEST_CASE("with a lease a read needs no round", "[raft][thesis 6.4.1]") {
  leased_cluster cluster;
  CHECK(cluster.reads_at_once(1));
}

TEST_CASE("without leases it does", "[raft][thesis 6.4]") {
  core_cluster cluster({1, 2, 3});
  cluster.elect(1);
  cluster[1].read(1);
  CHECK_FALSE(cluster[1].confirmed_index(1));
}

TEST_CASE("a lease ends before anybody may vote for another", "[raft][thesis 6.4.1]") {
  leased_cluster cluster;
  auto config = config_of(1);
  auto valid = config.election_timeout_ticks_min - config.clock_drift_ticks - 2;
  for (std::uint32_t i = 0; i < valid; ++i) {
    CHECK(cluster.reads_at_once(10 + i));
    cluster[1].tick(); // nobody hears it any more
  }
  cluster[1].tick();
  CHECK_FALSE(cluster.reads_at_once(99));
}

TEST_CASE("a leader that hands over has no lease", "[raft][thesis 6.4.1]") {
  leased_cluster cluster;
  cluster[1].transfer(2);
  CHECK_FALSE(cluster.reads_at_once(1));
}

TEST_CASE("a lease outlives a restart of who granted it", "[raft][thesis 6.4.1]") {
  leased_cluster cluster;
  auto& voter = cluster[2];
  voter.crash({});
  voter.start();
  request_vote asks{term{9}, {log_index{99}, term{1}}, false, false};
  CHECK(voter.step(server_id{3}, asks).empty());
  for (std::uint32_t i = 0; i < config_of(2).election_timeout_ticks_min; ++i)
    voter.tick();
  voter.step(server_id{3}, asks);
  CHECK(voter.status().voted_for == server_id{3});
}

TEST_CASE("a new term does not end what was granted in the last", "[raft][thesis 6.4.1]") {
  leased_cluster cluster;
  auto& voter = cluster[2];
  voter.step(server_id{3}, raft::read_index{term{8}, base::uuid_from_name("boot"), 1});
  REQUIRE(voter.status().current_term == term{8});
  voter.step(server_id{3}, request_vote{term{9}, {log_index{99}, term{1}}, false, false});
  CHECK(voter.status().voted_for == server_id{});
}
