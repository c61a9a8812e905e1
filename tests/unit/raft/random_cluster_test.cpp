// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <map>
#include <vector>

#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_cluster.hpp"

using namespace raft;
using raft_test::core_cluster;
using raft_test::core_server;
using raft_test::random_numbers;

namespace {

/// Three servers on a network that loses, repeats and reorders, with crashes and cuts.
class stormy_cluster {
public:
  explicit stormy_cluster(std::uint64_t seed) : random_(seed), cluster_({1, 2, 3}) {}

  void live(std::uint64_t steps) {
    for (std::uint64_t i = 0; i < steps; ++i) {
      act();
      collect();
      take_notes();
      cluster_.check_step();
      if (i % 100 == 0)
        cluster_.check();
    }
    calm_down();
  }

  std::size_t acknowledged_count() const { return acknowledged_.size(); }
  std::size_t confirmed_count() const { return confirmed_; }

private:
  struct flying {
    server_id from;
    outgoing_message what;
  };

  core_server& any() { return cluster_[1 + random_.below(3)]; }

  void act() {
    auto& server = any();
    if (!server.is_running()) {
      if (random_.happens(20))
        server.start();
      return;
    }
    switch (random_.below(16)) {
    case 0:
    case 1: server.tick(); break;
    case 2: put(server); break;
    case 3: read(server); break;
    case 4:
      if (random_.below(40) == 0)
        crash(server);
      break;
    case 5:
      if (random_.below(60) == 0)
        cut_ = server_id{random_.below(4)}; // zero: nobody
      break;
    case 6:
    case 7:
    case 8:
    case 9:
    case 10: deliver(); break;
    default: complete(server); break;
    }
  }

  void put(core_server& server) {
    auto request = ++last_request_;
    server.put(request, "r" + std::to_string(request), random_.happens(10));
  }

  void read(core_server& server) {
    auto request = ++last_request_;
    auto promised = highest_acknowledged_;
    server.read(request);
    if (std::holds_alternative<accepted>(server.last_outcome()))
      promised_[request] = promised;
  }

  void complete(core_server& server) {
    if (server.is_persisting() && random_.happens(60))
      server.persisted();
    else if (server.is_applying())
      server.applied();
    else if (server.is_reading())
      server.log_read();
    else if (server.is_timer_running())
      server.timer_fired();
  }

  void crash(core_server& server) {
    take_notes();
    server.crash({random_.happens(50), random_.happens(50)});
    server.proposals.clear();
    server.reads.clear();
    server.outbox.clear();
    noted_.erase(server.id());
  }

  void collect() {
    for (auto& [id, server] : cluster_.servers())
      for (; !server.outbox.empty(); server.outbox.pop_front())
        flying_.push_back({id, server.outbox.front()});
  }

  void deliver() {
    if (flying_.empty())
      return;
    auto at = flying_.begin() + static_cast<std::ptrdiff_t>(random_.below(flying_.size()));
    auto next = *at;
    if (!random_.happens(5)) // else it will come again
      flying_.erase(at);
    auto& to = cluster_[next.what.to.value];
    bool is_cut = cut_ != server_id{} && (cut_ == next.from || cut_ == next.what.to);
    if (to.is_running() && !is_cut && !random_.happens(5))
      to.step(next.from, next.what.body);
  }

  void take_notes() {
    for (auto& [id, server] : cluster_.servers()) {
      auto& [proposals, reads] = noted_[id];
      for (; proposals < server.proposals.size(); ++proposals)
        if (const auto* told = std::get_if<proposal_committed>(&server.proposals[proposals])) {
          REQUIRE(acknowledged_.emplace(told->id.index, told->request).second);
          highest_acknowledged_ = std::max(highest_acknowledged_, told->id.index);
        }
      for (; reads < server.reads.size(); ++reads)
        if (const auto* told = std::get_if<read_confirmed>(&server.reads[reads])) {
          REQUIRE(told->index >= promised_.at(told->request)); // INV-22
          ++confirmed_;
        }
    }
  }

  // Liveness: when the storm is over, everybody gets everything that was acknowledged.
  void calm_down() {
    flying_.clear();
    for (auto& [id, server] : cluster_.servers())
      if (!server.is_running())
        server.start();
    cluster_.tick_until([&] {
      auto* leader = cluster_.leader();
      if (leader == nullptr)
        return false;
      for (auto& [id, server] : cluster_.servers())
        if (server.disk().last_applied() != leader->disk().last_index())
          return false;
      return true;
    });
    take_notes();
    cluster_.check();
    for (const auto& [index, request] : acknowledged_)
      for (auto& [id, server] : cluster_.servers())
        REQUIRE(server.disk().applied().at(index.value - 1).payload.bytes()
                == "r" + std::to_string(request)); // INV-21
  }

  random_numbers random_;
  core_cluster cluster_;
  server_id cut_;
  std::vector<flying> flying_;
  request_id last_request_ = 0;
  std::map<log_index, request_id> acknowledged_;
  log_index highest_acknowledged_;
  std::map<request_id, log_index> promised_;
  std::map<server_id, std::pair<std::size_t, std::size_t>> noted_;
  std::size_t confirmed_ = 0;
};

} // namespace

TEST_CASE("three servers on a bad network agree, and lose nothing they acknowledged",
          "[raft][random][INV-15][INV-16][INV-21][INV-22]") {
  std::uint64_t first = 1;
  std::uint64_t end = 201;
  if (const char* chosen = std::getenv("ASPEN_SEED")) {
    first = std::strtoull(chosen, nullptr, 10);
    end = first + 1;
  }
  std::size_t acknowledged = 0;
  std::size_t confirmed = 0;
  for (auto seed = first; seed < end; ++seed) {
    INFO("replay with ASPEN_SEED=" << seed);
    stormy_cluster storm(seed);
    REQUIRE_NOTHROW(storm.live(5000));
    acknowledged += storm.acknowledged_count();
    confirmed += storm.confirmed_count();
  }
  CHECK(acknowledged > (end - first) * 20);
  CHECK(confirmed > (end - first));
}
