// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <map>
#include <vector>

#include "raft/format.hpp"
#include "tests/support/catch.hpp"
#include "tests/unit/raft/core_cluster.hpp"

using namespace raft;
using raft_test::config_of;
using raft_test::core_cluster;
using raft_test::core_server;
using raft_test::memory_disk;
using raft_test::random_numbers;
using raft_test::test_cluster;
using raft_test::voters;

namespace {

/// Five servers, three of them founders, on a bad network, whose members, leaders, disks and
/// lives change all the time. What is acknowledged by any must be there in the end.
class changing_cluster {
public:
  explicit changing_cluster(std::uint64_t seed) : random_(seed), cluster_({}) {
    for (std::uint64_t id : {1, 2, 3})
      birth(id, memory_disk(test_cluster, voters({1, 2, 3})));
    for (std::uint64_t id : {4, 5})
      birth(id, memory_disk(test_cluster));
  }

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
  std::size_t changed_count() const { return changed_; }
  std::size_t installed_count() const { return installed_; }

private:
  struct flying {
    server_life from;
    outgoing_message what;
  };
  struct stream {
    server_life from;
    server_id to;
    memory_disk content;
  };

  void birth(std::uint64_t id, memory_disk disk) {
    auto config = config_of(id);
    auto life = "life " + std::to_string(++lives_) + " of " + std::to_string(id);
    config.incarnation = base::uuid_from_name(life);
    config.log_entries_kept_min = 5;
    config.window_applied_entries_max = 3;
    cluster_.add(config, std::move(disk)).entries_kept_by_store = 5;
    noted_.erase(server_id{id});
  }

  core_server& any() { return cluster_[1 + random_.below(5)]; }

  void act() {
    auto& server = any();
    if (!server.is_running()) {
      if (random_.happens(20))
        server.start();
      return;
    }
    switch (random_.below(20)) {
    case 0:
    case 1: server.tick(); break;
    case 2: put(server); break;
    case 3: read(server); break;
    case 4: rarely(server); break;
    case 5: change(server); break;
    case 6: travel(); break;
    case 7: server.checkpoint(server.status().last_applied.value); break;
    case 8:
    case 9:
    case 10:
    case 11:
    case 12:
    case 13: deliver(); break;
    default: complete(server); break;
    }
  }

  void rarely(core_server& server) {
    switch (random_.below(160)) {
    case 0:
    case 1: return crash(server, false);
    case 2: return crash(server, true);
    case 3: return wipe(server);
    case 4:
    case 5: cut_ = server_id{random_.below(6)}; return; // zero: nobody
    case 6:
    case 7: server.transfer(random_.below(6)); return;
    case 8: server.disk_full(random_.happens(50)); return;
    default: return;
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

  void change(core_server& server) {
    if (server.status().role != role_name::leader || !random_.happens(30))
      return;
    auto id = server_id{1 + random_.below(5)};
    auto request = ++last_request_;
    note_recovery();
    if (frail_ != server_id{})
      id = frail_;
    switch (random_.below(frail_ == server_id{} ? 4 : 3)) {
    case 3: server.change(request, remove_member{id}); break;
    case 0:
      server.change(request, add_learner{{id, cluster_[id.value].life().incarnation, "", ""}});
      break;
    default: server.change(request, promote_learner{id}); break;
    }
    if (std::holds_alternative<accepted>(server.last_change()))
      changes_.insert(request);
  }

  void complete(core_server& server) {
    if (server.is_persisting() && random_.happens(60))
      server.persisted();
    else if (server.is_applying())
      server.applied();
    else if (server.is_reading())
      server.log_read();
    else if (server.is_compacting())
      server.compacted();
    else if (server.is_timer_running())
      server.timer_fired();
    else if (server.is_installing() && random_.happens(30)) {
      if (random_.happens(20))
        server.install_failed();
      else
        server.installed();
      ++installed_;
    }
  }

  void crash(core_server& server, bool loses_state) {
    take_notes();
    bool can_lose = loses_state && is_sturdy(2);
    if (server.is_installing() && random_.happens(50))
      server.disk().install();
    server.crash({random_.happens(50), random_.happens(50)});
    if (can_lose && !server.disk().recovered().pending_install) {
      server.disk().lose_state_machine();
      frail_ = server.id();
    }
    server.proposals.clear();
    server.reads.clear();
    server.outbox.clear();
    noted_.erase(server.id());
  }

  // Whether all voters are whole and agree on who they are: then one may fail. Who loses its
  // directory must leave a majority behind.
  bool is_sturdy(std::size_t voters_min) {
    auto* leader = cluster_.leader();
    if (frail_ != server_id{} || leader == nullptr)
      return false;
    auto status = leader->status();
    const auto& log = leader->disk().entries();
    if (status.membership.is_joint() || status.membership.voters.size() < voters_min
        || status.last_index != status.commit_index || log.empty()
        || log.back().id != entry_id{status.last_index, status.current_term})
      return false;
    for (const auto& each : status.membership.voters) {
      auto& voter = cluster_[each.id.value];
      if (each.incarnation != voter.life().incarnation || !voter.is_running()
          || voter.status().state_is_lost || voter.status().is_installing)
        return false;
    }
    return true;
  }

  // The one that failed is as good as the others again.
  void note_recovery() {
    auto* leader = cluster_.leader();
    if (frail_ == server_id{} || leader == nullptr || leader->status().membership.is_joint())
      return;
    auto& server = cluster_[frail_.value];
    const auto& voters = leader->status().membership.voters;
    bool is_back = std::any_of(voters.begin(), voters.end(),
                               [&](const member& each) { return each.is(server.life()); });
    if (is_back && server.is_running() && !server.status().state_is_lost
        && leader->status().commit_index == leader->status().last_index)
      frail_ = {};
  }

  // The directory is lost.
  void wipe(core_server& server) {
    if (!is_sturdy(3))
      return;
    frail_ = server.id();
    crash(server, false);
    birth(frail_.value, memory_disk(test_cluster));
  }

  void collect() {
    for (auto& [id, server] : cluster_.servers()) {
      for (; !server.outbox.empty(); server.outbox.pop_front())
        flying_.push_back({server.life(), server.outbox.front()});
      for (const auto& each : std::exchange(server.snapshots_to_send, {})) {
        REQUIRE(server.disk().state_point().id.index >= each.at_least);
        streams_.push_back({server.life(), each.to, server.disk()});
      }
    }
  }

  void deliver() {
    if (flying_.empty())
      return;
    auto at = flying_.begin() + static_cast<std::ptrdiff_t>(random_.below(flying_.size()));
    auto next = *at;
    if (!random_.happens(5)) // else it will come again
      flying_.erase(at);
    auto& to = cluster_[next.what.to.value];
    bool is_cut = cut_ != server_id{} && (cut_ == next.from.id || cut_ == next.what.to);
    if (to.is_running() && !is_cut && !random_.happens(5))
      to.step(next.from, next.what.body);
  }

  void travel() {
    if (streams_.empty() || !random_.happens(20))
      return;
    auto next = std::move(streams_.front());
    streams_.erase(streams_.begin());
    auto& to = cluster_[next.to.value];
    auto& from = cluster_[next.from.id.value];
    auto point = next.content.state_point().id;
    bool arrives = to.is_running() && !random_.happens(20) && cut_ != next.to
                   && cut_ != next.from.id && point.term <= to.disk().state().current_term;
    if (arrives)
      to.receive_snapshot(next.content);
    if (!from.is_running() || from.life() != next.from)
      return;
    if (arrives)
      from.snapshot_sent(next.to, point);
    else
      from.snapshot_failed(next.to);
  }

  void take_notes() {
    for (auto& [id, server] : cluster_.servers()) {
      auto& [proposals, reads] = noted_[id];
      for (; proposals < server.proposals.size(); ++proposals)
        if (const auto* told = std::get_if<proposal_committed>(&server.proposals[proposals]))
          note(*told);
      for (; reads < server.reads.size(); ++reads)
        if (const auto* told = std::get_if<read_confirmed>(&server.reads[reads]))
          REQUIRE(told->index >= promised_.at(told->request)); // INV-22
    }
  }

  void note(const proposal_committed& told) {
    if (changes_.contains(told.request)) {
      ++changed_;
      return;
    }
    auto [known, is_new] = acknowledged_.emplace(told.id.index, told.request);
    INFO("index " << told.id.index.value << " for " << told.request << ", before for "
                  << known->second);
    REQUIRE(is_new);
    highest_acknowledged_ = std::max(highest_acknowledged_, told.id.index);
  }

  std::string picture() {
    std::string text;
    for (auto& [id, server] : cluster_.servers()) {
      auto status = server.status();
      text += std::to_string(id.value) + " " + to_string(status);
      for (const auto& each : status.membership.voters)
        if (each.id == id && !each.is(server.life()))
          text += " (another life votes)";
      for (const auto& each : status.peers)
        text += "\n  peer " + std::to_string(each.id.value) + " match "
                + std::to_string(each.match_index.value) + " next "
                + std::to_string(each.next_index.value) + " " + std::string(to_string(each.mode))
                + " snapshot " + std::to_string(static_cast<int>(each.snapshot));
      text += (status.is_installing ? " installing" : "");
      text += (status.state_is_lost ? " lost\n" : "\n");
    }
    return text;
  }

  // Whether everybody who takes part has everything.
  bool is_level() {
    auto* leader = cluster_.leader();
    if (leader == nullptr || leader->status().membership.is_joint())
      return false;
    for (const auto& each : leader->status().membership.voters) {
      auto& server = cluster_[each.id.value];
      if (each.is(server.life()) && server.status().last_applied != leader->status().last_index)
        return false;
    }
    return true;
  }

  void calm_down() {
    flying_.clear();
    for (auto& each : streams_)
      if (auto& from = cluster_[each.from.id.value]; from.is_running() && from.life() == each.from)
        from.snapshot_failed(each.to);
    for (auto& [id, server] : cluster_.servers()) {
      if (!server.is_running())
        server.start();
      server.disk_full(false);
    }
    int ticks = 0;
    cluster_.tick_until([&] { return is_level() || ++ticks > 900; });
    INFO(picture());
    REQUIRE(is_level());
    take_notes();
    cluster_.check();
    const auto& applied = cluster_.leader()->disk().applied();
    for (const auto& [index, request] : acknowledged_)
      REQUIRE(applied.at(index.value - 1).payload.bytes()
              == "r" + std::to_string(request)); // INV-21
  }

  random_numbers random_;
  core_cluster cluster_;
  std::uint64_t lives_ = 0;
  server_id cut_;
  server_id frail_; ///< lost something, and nobody else may yet
  std::vector<flying> flying_;
  std::vector<stream> streams_;
  request_id last_request_ = 0;
  std::set<request_id> changes_;
  std::map<log_index, request_id> acknowledged_;
  log_index highest_acknowledged_;
  std::map<request_id, log_index> promised_;
  std::map<server_id, std::pair<std::size_t, std::size_t>> noted_;
  std::size_t changed_ = 0;
  std::size_t installed_ = 0;
};

} // namespace

TEST_CASE("members, leaders, disks and lives change, and nothing acknowledged is lost",
          "[raft][random][INV-15][INV-16][INV-21][INV-22][INV-24][INV-25][INV-26]") {
  std::uint64_t first = 1;
  std::uint64_t end = 101;
  if (const char* chosen = std::getenv("ASPEN_SEED")) {
    first = std::strtoull(chosen, nullptr, 10);
    end = first + 1;
    if (const char* last = std::getenv("ASPEN_SEED_END"))
      end = std::strtoull(last, nullptr, 10);
  }
  std::size_t acknowledged = 0;
  std::size_t changed = 0;
  std::size_t installed = 0;
  for (auto seed = first; seed < end; ++seed) {
    INFO("replay with ASPEN_SEED=" << seed);
    changing_cluster cluster(seed);
    REQUIRE_NOTHROW(cluster.live(10000));
    acknowledged += cluster.acknowledged_count();
    changed += cluster.changed_count();
    installed += cluster.installed_count();
  }
  if (end - first < 100)
    return;
  CHECK(acknowledged > (end - first) * 20);
  CHECK(changed > (end - first) * 2);
  CHECK(installed > (end - first));
}
