// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/raft/core_cluster.hpp"

#include <algorithm>
#include <utility>

#include "base/check.hpp"

namespace raft_test {

using namespace raft;

core_cluster::core_cluster(std::initializer_list<std::uint64_t> ids) {
  for (auto id : ids)
    servers_.emplace(server_id{id}, core_server(id, voters(ids)));
  for (auto& [id, server] : servers_)
    server.start();
}

core_server& core_cluster::add(core_config config, memory_disk disk) {
  servers_.erase(config.self);
  applied_checked_.erase(config.self);
  auto& added = servers_
                    .emplace(config.self, core_server(config, std::move(disk),
                                                      1000 * ++added_ + config.self.value))
                    .first->second;
  added.start();
  return added;
}

void core_cluster::deliver_snapshots(core_server& from) {
  for (const auto& each : std::exchange(from.snapshots_to_send, {})) {
    auto to = servers_.find(each.to);
    bool is_lost = to == servers_.end() || !to->second.is_running() || cut_off_.contains(from.id())
                   || cut_off_.contains(each.to);
    if (is_lost) {
      from.snapshot_failed(each.to);
      continue;
    }
    auto point = from.disk().state_point().id;
    BASE_CHECK(point.index >= each.at_least, "a snapshot that the log follows");
    to->second.receive_snapshot(from.disk());
    from.snapshot_sent(each.to, point);
  }
}

void core_cluster::deliver_from(core_server& from) {
  auto next = from.outbox.front();
  from.outbox.pop_front();
  auto to = servers_.find(next.to);
  bool is_lost = to == servers_.end() || !to->second.is_running() || cut_off_.contains(from.id())
                 || cut_off_.contains(next.to);
  if (!is_lost)
    to->second.step(from.life(), next.body);
  check_step();
}

void core_cluster::settle() {
  bool is_moving = true;
  while (is_moving) {
    is_moving = false;
    for (auto& [id, server] : servers_) {
      if (!server.is_running())
        continue;
      server.settle();
      if (!server.snapshots_to_send.empty()) {
        deliver_snapshots(server);
        is_moving = true;
      }
      while (!server.outbox.empty()) {
        deliver_from(server);
        is_moving = true;
      }
    }
  }
  check();
}

void core_cluster::tick_until(const std::function<bool()>& is_reached) {
  for (int ticks = 0; !is_reached(); ++ticks) {
    BASE_CHECK(ticks < 1000, "the cluster gets there within 1000 ticks");
    for (auto& [id, server] : servers_)
      if (server.is_running())
        server.tick();
    settle();
  }
}

void core_cluster::elect(std::uint64_t id) {
  auto& server = servers_.at(server_id{id});
  // The others forget their leader, as after an election timeout without a word of it.
  for (std::uint32_t i = 0; i < config_of(id).election_timeout_ticks_min; ++i)
    for (auto& [other_id, other] : servers_)
      if (other.is_running() && other.status().role == role_name::follower
          && other_id != server.id())
        other.tick();
  for (int i = 0; i < 1000 && server.status().role == role_name::follower; ++i)
    server.tick();
  settle();
}

core_server* core_cluster::leader() {
  core_server* found = nullptr;
  for (auto& [id, server] : servers_)
    if (server.is_running() && server.status().role == role_name::leader
        && (found == nullptr || server.status().current_term > found->status().current_term))
      found = &server;
  return found;
}

void core_cluster::check_step() {
  check_leaders();
  check_applied();
}

void core_cluster::check() {
  check_step();
  check_logs();
}

void core_cluster::check_leaders() {
  for (auto& [id, server] : servers_) {
    if (!server.is_running() || server.status().role != role_name::leader)
      continue;
    auto [known, is_new] = leaders_.emplace(server.status().current_term, id);
    BASE_CHECK(is_new || known->second == id, "INV-15: at most one leader in a term");
  }
}

// State machine safety (figure 3.2): whatever was applied at an index is applied by all.
void core_cluster::check_applied() {
  for (auto& [id, server] : servers_) {
    const auto& applied = server.disk().applied();
    auto& checked = applied_checked_[id];
    for (checked = std::min(checked, applied.size()); checked < applied.size(); ++checked) {
      const auto& each = applied[checked];
      auto [known, is_new] = applied_chains_.emplace(each.id.index, each.chain);
      BASE_CHECK(is_new || known->second == each.chain,
                 "INV-16: no two servers apply different entries at one index");
    }
  }
}

// Log Matching (figure 3.2): equal index and term means equal everything up to there.
void core_cluster::check_logs() {
  std::map<entry_id, chain_hash> seen;
  for (auto& [id, server] : servers_)
    for (const auto& each : server.disk().entries()) {
      auto [known, is_new] = seen.emplace(each.id, each.chain);
      BASE_CHECK(is_new || known->second == each.chain,
                 "INV-16: logs that agree at a position agree up to it");
    }
}

} // namespace raft_test
