// SPDX-License-Identifier: Apache-2.0
#include "node/settings_rules.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace node {

namespace {

/// As many as the peer transport links with, and this node.
constexpr std::size_t members_max = 65;

/// Reports against the place where the first named key got its value.
class reporter {
public:
  reporter(const loaded_settings& loaded, setting_problems& problems)
    : loaded_(loaded), problems_(problems) {}

  void report(std::string_view key, std::string text) {
    auto found = loaded_.origins.find(std::string(key));
    bool is_set =
        found != loaded_.origins.end() && found->second.from != value_origin::layer::standard;
    problems_.push_back({is_set ? found->second.text() : "", std::move(text)});
  }

private:
  const loaded_settings& loaded_;
  setting_problems& problems_;
};

std::filesystem::path whole_path(const std::string& path) {
  std::error_code ignored;
  auto absolute = std::filesystem::absolute(path, ignored).lexically_normal();
  return absolute.has_filename() ? absolute : absolute.parent_path();
}

void check_paths(const settings& all, reporter& out) {
  const std::array<std::pair<std::string_view, const std::string*>, 5> paths{
      {{"cluster.data_dir", &all.cluster.data_dir},
       {"cluster.lmdb_log_path", &all.cluster.lmdb_log_path},
       {"cluster.sqlite_sm_path", &all.cluster.sqlite_sm_path},
       {"cluster.lmdb_sm_path", &all.cluster.lmdb_sm_path},
       {"log.file", &all.log.file}}};
  for (std::size_t i = 0; i < paths.size(); ++i)
    for (std::size_t j = i + 1; j < paths.size(); ++j)
      if (!paths[j].second->empty() && !paths[i].second->empty()
          && whole_path(*paths[i].second) == whole_path(*paths[j].second))
        out.report(paths[j].first,
                   fmt::format("{} and {} are the same path, {}: each needs its own",
                               paths[i].first, paths[j].first, *paths[i].second));
}

void check_times(const settings& all, reporter& out) {
  const auto& raft = all.raft;
  if (raft.election_timeout_min >= raft.election_timeout_max)
    out.report("raft.election_timeout_max",
               fmt::format("raft.election_timeout_min ({}) must be below "
                           "raft.election_timeout_max ({})",
                           to_string(raft.election_timeout_min),
                           to_string(raft.election_timeout_max)));
  // A follower must miss more than one heartbeat before it takes the leader for dead.
  if (raft.heartbeat_interval * 2 > raft.election_timeout_min)
    out.report("raft.heartbeat_interval",
               fmt::format("raft.heartbeat_interval ({}) must be at most half of "
                           "raft.election_timeout_min ({})",
                           to_string(raft.heartbeat_interval),
                           to_string(raft.election_timeout_min)));
  // Two ticks for what is rounded, one that is left (raft/core_lease.cpp).
  auto drift = raft.election_timeout_min * raft.clock_drift_percent / 100;
  if (raft.leases_enabled && raft.heartbeat_interval * 4 + drift > raft.election_timeout_min)
    out.report("raft.leases_enabled",
               fmt::format("raft.leases_enabled: of raft.election_timeout_min ({}) nothing is left "
                           "for a lease after four times raft.heartbeat_interval ({}) and "
                           "raft.clock_drift_percent ({})",
                           to_string(raft.election_timeout_min), to_string(raft.heartbeat_interval),
                           raft.clock_drift_percent));
  if (all.supervisor.backoff_initial > all.supervisor.backoff_max)
    out.report("supervisor.backoff_initial",
               fmt::format("supervisor.backoff_initial ({}) must not exceed "
                           "supervisor.backoff_max ({})",
                           to_string(all.supervisor.backoff_initial),
                           to_string(all.supervisor.backoff_max)));
}

bool overlap(const endpoint& left, const endpoint& right) {
  return left.port == right.port && (left.host == right.host || left.is_any() || right.is_any());
}

void check_listeners(const settings& all, reporter& out) {
  const std::array<std::pair<std::string_view, const endpoint*>, 3> addresses{
      {{"cluster.http_addr", &all.cluster.http_addr},
       {"cluster.admin_addr", &all.cluster.admin_addr},
       {"cluster.raft_addr", &all.cluster.raft_addr}}};
  for (std::size_t i = 0; i < addresses.size(); ++i)
    for (std::size_t j = i + 1; j < addresses.size(); ++j)
      if (overlap(*addresses[i].second, *addresses[j].second))
        out.report(addresses[j].first,
                   fmt::format("{} ({}) and {} ({}) would take the same port", addresses[i].first,
                               to_string(*addresses[i].second), addresses[j].first,
                               to_string(*addresses[j].second)));
  for (std::size_t i = 0; i < 2; ++i)
    if (!addresses[i].second->is_loopback() && !all.http.behind_proxy)
      out.report(addresses[i].first,
                 fmt::format("{} ({}) is no loopback address: TLS and tokens are not built yet, so "
                             "anybody who reaches it could read and write. Bind to 127.0.0.1, or "
                             "put an authenticating proxy in front and set http.behind_proxy = "
                             "true",
                             addresses[i].first, to_string(*addresses[i].second)));
}

constexpr auto members_key = "cluster.initial_members";

void check_founders(const settings& all, const std::vector<member>& founders, reporter& out) {
  if (founders.size() > members_max)
    out.report(members_key, fmt::format("{} names {} members; allowed: at most {}", members_key,
                                        founders.size(), members_max));
  for (std::size_t i = 0; i < founders.size(); ++i) {
    if (founders[i].raft_addr.is_any())
      out.report(members_key,
                 fmt::format("{}: {} is no address at which others find member {}", members_key,
                             to_string(founders[i].raft_addr), founders[i].id));
    for (std::size_t j = i + 1; j < founders.size(); ++j)
      if (founders[i].id == founders[j].id)
        out.report(members_key,
                   fmt::format("{} names member {} twice", members_key, founders[i].id));
      else if (founders[i].raft_addr == founders[j].raft_addr)
        out.report(members_key,
                   fmt::format("{}: members {} and {} have the same address, {}", members_key,
                               founders[i].id, founders[j].id, to_string(founders[i].raft_addr)));
  }
  auto own = std::ranges::find(founders, all.cluster.node_id, &member::id);
  if (own == founders.end())
    return out.report(members_key,
                      fmt::format("{} does not name this node, {}: a node that founds a cluster is "
                                  "one of its members",
                                  members_key, all.cluster.node_id));
  const auto& bound = all.cluster.raft_addr;
  if (own->raft_addr.port != bound.port || (own->raft_addr.host != bound.host && !bound.is_any()))
    out.report(members_key,
               fmt::format("{} says this node is found at {}, cluster.raft_addr says {}",
                           members_key, to_string(own->raft_addr), to_string(bound)));
}

void check_membership(const settings& all, reporter& out) {
  auto founders = all.cluster.founders();
  if (!founders.empty())
    check_founders(all, founders, out);
  if (!founders.empty() && !all.cluster.join.empty())
    out.report("cluster.join",
               "cluster.join and cluster.initial_members are both set: a node founds a cluster or "
               "joins one");
}

void check_peer_security(const settings& all, reporter& out) {
  const auto& files = all.security;
  const std::array<std::pair<std::string_view, const std::string*>, 3> wanted{
      {{"security.peer_cert_file", &files.peer_cert_file},
       {"security.peer_key_file", &files.peer_key_file},
       {"security.peer_ca_file", &files.peer_ca_file}}};
  auto is_set = [](const auto& each) { return !each.second->empty(); };
  if (auto given = std::ranges::find_if(wanted, is_set); given != wanted.end()) {
    for (const auto& [key, value] : wanted)
      if (value->empty())
        out.report(given->first,
                   fmt::format("{} is missing: TLS between nodes needs all three files", key));
    return;
  }
  if (!all.cluster.names_peers())
    return;
  auto require_loopback = [&out](std::string_view key, const endpoint& where) {
    if (!where.is_loopback())
      out.report(key, fmt::format("{} ({}) is no loopback address: between machines nodes speak "
                                  "TLS only. Set security.peer_cert_file, peer_key_file and "
                                  "peer_ca_file",
                                  key, to_string(where)));
  };
  require_loopback("cluster.raft_addr", all.cluster.raft_addr);
  for (const auto& each : all.cluster.founders())
    if (each.id != all.cluster.node_id)
      require_loopback(members_key, each.raft_addr);
}

} // namespace

void check_settings(const loaded_settings& loaded, setting_problems& problems) {
  reporter out(loaded, problems);
  check_paths(loaded.values, out);
  check_times(loaded.values, out);
  check_listeners(loaded.values, out);
  check_membership(loaded.values, out);
  check_peer_security(loaded.values, out);
}

} // namespace node
