// SPDX-License-Identifier: Apache-2.0
#include "node/settings_rules.hpp"

#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace node {

namespace {

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

void check_membership(const settings& all, reporter& out) {
  constexpr std::string_view one_voter =
      "this version runs one voter; a cluster of several nodes is not built yet";
  const auto& members = all.cluster.initial_members;
  if (!all.cluster.join.empty())
    out.report("cluster.join", fmt::format("cluster.join ({}): {}", all.cluster.join, one_voter));
  if (members.size() > 1)
    out.report(
        "cluster.initial_members",
        fmt::format("cluster.initial_members names {} members: {}", members.size(), one_voter));
  if (members.size() != 1)
    return;
  auto only = parse_member(members.front());
  if (only && only->id != all.cluster.node_id)
    out.report("cluster.initial_members",
               fmt::format("cluster.initial_members names member {} alone, but this is node {}: {}",
                           only->id, all.cluster.node_id, one_voter));
  else if (only && only->raft_addr != all.cluster.raft_addr)
    out.report("cluster.initial_members",
               fmt::format("cluster.initial_members says this node is found at {}, "
                           "cluster.raft_addr says {}",
                           to_string(only->raft_addr), to_string(all.cluster.raft_addr)));
}

} // namespace

void check_settings(const loaded_settings& loaded, setting_problems& problems) {
  reporter out(loaded, problems);
  check_paths(loaded.values, out);
  check_times(loaded.values, out);
  check_listeners(loaded.values, out);
  check_membership(loaded.values, out);
}

} // namespace node
