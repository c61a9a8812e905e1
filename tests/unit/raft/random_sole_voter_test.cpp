// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <map>
#include <set>

#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_server.hpp"

using namespace raft;
using raft_test::core_server;
using raft_test::random_numbers;
using raft_test::voters;

namespace {

/// How wild a life is.
struct habits {
  std::uint64_t steps;
  std::uint64_t burst_max; ///< puts in a row
  std::uint64_t crash_per_mille;
  std::uint64_t entries_kept; ///< by the store, when it compacts
};

/// One sole voter under random inputs, completions in random order, and crashes, with a
/// ledger of what clients were told.
class life {
public:
  life(std::uint64_t seed, habits how) : how_(how), random_(seed), server_(1, voters({1})) {
    server_.entries_kept_by_store = how.entries_kept;
    server_.start();
  }

  void live() {
    for (std::uint64_t i = 0; i < how_.steps; ++i) {
      if (random_.below(1000) < how_.crash_per_mille)
        crash();
      else
        act();
      take_notes();
    }
    server_.settle();
    take_notes();
    check_end();
  }

  std::size_t acknowledged_count() const { return acknowledged_.size(); }
  std::size_t confirmed_count() const { return confirmed_; }
  bool has_compacted() const { return server_.status().first_index > log_index{1}; }

private:
  void act() {
    switch (random_.below(10)) {
    case 0:
    case 1: put_some(); break;
    case 2: read(); break;
    case 3: wait(); break;
    case 4: server_.tick(); break;
    case 5:
      if (server_.disk().last_applied() > log_index{0})
        server_.checkpoint(1 + random_.below(server_.status().last_applied.value));
      break;
    default: complete(); break;
    }
  }

  void put_some() {
    if (random_.happens(30)) {
      auto request = ++last_request_;
      server_.put(request, "r" + std::to_string(request), true);
      return;
    }
    auto first = last_request_ + 1;
    last_request_ += 1 + random_.below(how_.burst_max);
    server_.put_all(first, last_request_ + 1);
  }

  void read() {
    auto request = ++last_request_;
    // The promise: nothing that was acknowledged before is missed (INV-22).
    auto promised = highest_acknowledged_;
    server_.read(request);
    if (std::holds_alternative<accepted>(server_.last_outcome()))
      promised_[request] = promised;
  }

  void wait() {
    auto request = ++last_request_;
    auto index = server_.status().commit_index + random_.below(5);
    server_.wait_applied(request, index.value);
    if (std::holds_alternative<accepted>(server_.last_outcome()))
      promised_[request] = index;
    if (random_.happens(20)) {
      server_.forget_read(request);
      take_notes();
      promised_.erase(request);
    }
  }

  void complete() {
    switch (random_.below(5)) {
    case 0:
      if (server_.is_persisting())
        server_.persisted();
      break;
    case 1:
      if (server_.is_applying())
        server_.applied();
      break;
    case 2:
      if (server_.is_reading())
        server_.log_read();
      break;
    case 3:
      if (server_.is_compacting())
        server_.compacted();
      break;
    default:
      if (server_.is_timer_running())
        server_.timer_fired();
      break;
    }
  }

  void crash() {
    server_.crash({random_.happens(50), random_.happens(50)});
    bool log_is_whole = server_.disk().recovered().snapshot.id.index == log_index{0};
    if (log_is_whole && random_.happens(20))
      server_.disk().lose_state_machine();
    promised_.clear();
    noted_proposals_ = noted_reads_ = 0;
    server_.start();
  }

  void take_notes() {
    for (; noted_proposals_ < server_.proposals.size(); ++noted_proposals_)
      if (const auto* told =
              std::get_if<proposal_committed>(&server_.proposals[noted_proposals_])) {
        REQUIRE(acknowledged_.emplace(told->id.index, told->request).second);
        highest_acknowledged_ = std::max(highest_acknowledged_, told->id.index);
      }
    for (; noted_reads_ < server_.reads.size(); ++noted_reads_)
      if (const auto* told = std::get_if<read_confirmed>(&server_.reads[noted_reads_])) {
        REQUIRE(told->index >= promised_.at(told->request));
        REQUIRE(server_.disk().last_applied() >= told->index);
        ++confirmed_;
      }
  }

  // INV-21: what was acknowledged was applied at its place; the disk checks "once, in order".
  void check_end() {
    REQUIRE(server_.disk().last_applied() == server_.disk().last_index());
    std::set<std::string> seen;
    for (const auto& each : server_.disk().applied()) {
      if (each.kind == entry_kind::command)
        REQUIRE(seen.insert(each.payload.bytes()).second);
      if (auto told = acknowledged_.find(each.id.index); told != acknowledged_.end())
        REQUIRE(each.payload.bytes() == "r" + std::to_string(told->second));
    }
    // The model's state machine keeps all that it ever applied, so that nothing can hide.
    REQUIRE(server_.disk().applied().size() == server_.disk().last_applied().value);
    REQUIRE(server_.disk().last_applied() >= highest_acknowledged_);
  }

  habits how_;
  random_numbers random_;
  core_server server_;
  request_id last_request_ = 0;
  std::map<log_index, request_id> acknowledged_;
  log_index highest_acknowledged_;
  std::map<request_id, log_index> promised_;
  std::size_t noted_proposals_ = 0;
  std::size_t noted_reads_ = 0;
  std::size_t confirmed_ = 0;
};

/// `ASPEN_SEED=n` runs that seed alone.
std::pair<std::uint64_t, std::uint64_t> seeds(std::uint64_t count) {
  if (const char* chosen = std::getenv("ASPEN_SEED")) {
    auto seed = std::strtoull(chosen, nullptr, 10);
    return {seed, seed + 1};
  }
  return {1, count + 1};
}

} // namespace

TEST_CASE("no order of completions and crashes loses or repeats an acknowledged write",
          "[raft][random][INV-21][INV-22]") {
  std::size_t acknowledged = 0;
  std::size_t confirmed = 0;
  auto [first, end] = seeds(300);
  for (auto seed = first; seed < end; ++seed) {
    INFO("replay with ASPEN_SEED=" << seed);
    life one(seed, {1000, 10, 10, 10000});
    REQUIRE_NOTHROW(one.live());
    acknowledged += one.acknowledged_count();
    confirmed += one.confirmed_count();
  }
  // The runs must have been lives, not idling.
  CHECK(acknowledged > 10000);
  CHECK(confirmed > 1000);
}

TEST_CASE("nor does a life with large batches, replays and compactions",
          "[raft][random][INV-09][INV-21]") {
  bool has_compacted = false;
  auto [first, end] = seeds(6);
  for (auto seed = first; seed < end; ++seed) {
    INFO("replay with ASPEN_SEED=" << seed);
    life one(seed, {1500, 300, 5, 50});
    REQUIRE_NOTHROW(one.live());
    has_compacted = has_compacted || one.has_compacted();
  }
  CHECK(has_compacted);
}
