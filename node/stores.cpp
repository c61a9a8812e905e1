// SPDX-License-Identifier: Apache-2.0
#include "node/stores.hpp"

#include <unistd.h>

#include <filesystem>

#include "base/log.hpp"
#include "storage/install.hpp"
#include "storage/lmdb_log_store.hpp"
#include "storage/lmdb_state_machine.hpp"
#include "storage/lost_state_machine.hpp"
#include "storage/memory_log_store.hpp"
#include "storage/memory_state_machine.hpp"
#include "storage/open_stores.hpp"
#include "storage/set_aside.hpp"
#include "storage/sqlite_inspect.hpp"
#include "storage/sqlite_open_files.hpp"
#include "storage/sqlite_state_machine.hpp"

namespace node {

namespace {

constexpr auto target = "aspen::node";

bool exists(const std::string& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored);
}

/// Equal on all founders, because their configurations are.
base::uuid cluster_id_of(const std::vector<member>& founders) {
  std::string name = "aspen cluster";
  for (const auto& each : founders)
    name += "\n" + std::to_string(each.id) + "=" + to_string(each.raft_addr);
  return base::uuid_from_name(name);
}

/// A new life of this server: nothing of it existed before. It joins a cluster that is
/// there, founds one with others, or is one by itself.
storage::log_seed new_seed(const settings& all, const std::optional<base::uuid>& joined) {
  storage::identity identity;
  identity.server = raft::server_id{all.cluster.node_id};
  identity.incarnation = base::random_uuid();
  identity.log_uuid = base::random_uuid();
  if (joined) {
    identity.cluster_id = *joined;
    return storage::genesis_seed(identity, {});
  }
  if (auto founders = all.cluster.founders(); founders.size() > 1) {
    // The founding entry comes when all of them have met (actors/raft_actor_standing.cpp).
    identity.cluster_id = cluster_id_of(founders);
    return storage::genesis_seed(identity, {});
  }
  identity.cluster_id = base::random_uuid();
  raft::membership members;
  members.voters.push_back({identity.server, identity.incarnation, to_string(all.cluster.raft_addr),
                            to_string(all.cluster.http_addr)});
  return storage::genesis_seed(identity, members);
}

base::status create_log(const settings& all, const std::optional<base::uuid>& joined,
                        const storage::lmdb_log_options& options) {
  auto seed = new_seed(all, joined);
  base::log::info(target, "making a new log",
                  {{"path", options.path},
                   {"cluster_id", base::to_string(seed.identity.cluster_id)},
                   {"incarnation", base::to_string(seed.identity.incarnation)}});
  return storage::lmdb_log_store::create(options, seed);
}

/// The state machine is gone, the log is whole: everything is applied again from index 1.
base::status prepare_replay(storage::log_store& log) {
  base::log::warn("aspen::raft::storage_sqlite",
                  "state machine is missing; rebuilding it by replaying the log",
                  {{"entries", log.state().last.index.value}});
  if (log.state().checkpoint_started.value == 0)
    return {};
  return log.reset_checkpoints();
}

/// The gate found one that a crash interrupted (two stores, one truth: rule 17).
base::status go_on_with_install(const storage::store_paths& paths, storage::install_step step,
                                storage::log_store& log) {
  if (step == storage::install_step::none)
    return {};
  base::log::warn("aspen::raft::snapshot", "going on with the install of a snapshot",
                  {{"index", log.state().pending ? log.state().pending->point.id.index.value : 0},
                   {"step", storage::to_string(step)}});
  return storage::resume_install(paths, step, log);
}

/// The gate found that it lost what the log no longer tells (two stores, one truth: rule 12).
base::status move_state_aside(const storage::store_paths& paths) {
  base::log::warn("aspen::raft::storage_sqlite",
                  "the state machine is of no use and is set aside; it is made anew",
                  {{"path", paths.state_path}});
  return storage::set_state_aside(paths);
}

base::status set_aside(const std::string& path) {
  base::log::warn("aspen::raft::storage_sqlite",
                  "the WAL lost frames that a checkpoint had copied; going on from the database "
                  "file alone, which is whole",
                  {{"path", path}});
  return storage::set_wal_aside(path);
}

} // namespace

std::vector<raft::member> founders_of(const settings& all, const storage::identity& identity) {
  auto founders = all.cluster.founders();
  if (founders.size() < 2)
    return {};
  if (auto named = cluster_id_of(founders); named != identity.cluster_id) {
    base::log::warn(target,
                    "cluster.initial_members describes another cluster than the one this node is "
                    "of; it is not looked at",
                    {{"described_cluster_id", base::to_string(named)},
                     {"cluster_id", base::to_string(identity.cluster_id)}});
    return {};
  }
  std::vector<raft::member> members;
  for (const auto& each : founders)
    members.push_back({raft::server_id{each.id}, {}, to_string(each.raft_addr), ""});
  return members;
}

bool has_log(const settings& all) {
  return all.cluster.storage_backend != storage::backend::inmemory
         && exists(store_paths_of(all).log_path);
}

base::result<std::unique_ptr<storage::log_store>> open_log(const settings& all,
                                                           const std::optional<base::uuid>& joined,
                                                           storage::log_verification how,
                                                           const storage::check_report& check) {
  if (all.cluster.storage_backend == storage::backend::inmemory)
    return std::make_unique<storage::memory_log_store>(new_seed(all, joined));
  auto paths = store_paths_of(all);
  storage::lmdb_log_options options;
  options.path = paths.log_path;
  options.map_bytes = all.cluster.lmdb_map_size.bytes;
  options.accepts_damage = !check.entries_to_repair.empty();
  options.verification = options.accepts_damage ? storage::log_verification::everything : how;
  auto is_new = !exists(options.path);
  if (is_new)
    if (auto made = create_log(all, joined, options); !made)
      return base::fail(made.error().within("make the log"));
  auto opened = storage::lmdb_log_store::open(options);
  if (!opened)
    return base::fail(opened.error().within("open the log"));
  if (auto resumed = go_on_with_install(paths, check.install, **opened); !resumed)
    return base::fail(resumed.error().within("go on with an install"));
  if (check.state_must_be_set_aside)
    if (auto done = move_state_aside(paths); !done)
      return base::fail(done.error().within("set the state machine aside"));
  if (!is_new && !exists(paths.state_path) && !check.state_is_lost)
    if (auto prepared = prepare_replay(**opened); !prepared)
      return base::fail(prepared.error().within("prepare a replay of the log"));
  return std::move(*opened);
}

base::result<std::unique_ptr<storage::state_machine>> open_state(
    const settings& all, const storage::identity& identity, const storage::check_report& check) {
  auto path = store_paths_of(all).state_path;
  if (all.cluster.storage_backend == storage::backend::inmemory)
    return std::make_unique<storage::memory_state_machine>(identity);
  if (check.state_is_lost && !exists(path))
    return std::make_unique<storage::lost_state_machine>(identity);
  if (all.cluster.storage_backend == storage::backend::lmdb) {
    storage::lmdb_state_options options;
    options.path = path;
    options.map_bytes = all.cluster.lmdb_map_size.bytes;
    return exists(path) ? storage::lmdb_state_machine::open(options)
                        : storage::lmdb_state_machine::create(options, identity);
  }
  if (check.wal_must_be_set_aside)
    if (auto done = set_aside(path); !done)
      return base::fail(done.error().within("set the WAL aside"));
  storage::sqlite_state_options options;
  options.path = path;
  return exists(path) ? storage::sqlite_state_machine::open(options)
                      : storage::sqlite_state_machine::create(options, identity);
}

storage::store_paths transfer_stores_of(const settings& all) {
  auto stores = store_paths_of(all);
  if (all.cluster.storage_backend != storage::backend::inmemory)
    return stores;
  auto directory =
      std::filesystem::temp_directory_path()
      / ("aspen-" + std::to_string(::getpid()) + "-node-" + std::to_string(all.cluster.node_id));
  std::filesystem::create_directories(directory);
  stores.state_path = (directory / "state-machine.memory").string();
  return stores;
}

base::result<std::unique_ptr<storage::state_machine>> install_state(
    const settings& all, const storage::identity& identity, const std::string& file) {
  auto stores = transfer_stores_of(all);
  auto ready = storage::transfer_paths(stores).prepared(file);
  if (auto swapped = storage::swap_state_file(stores, ready); !swapped)
    return base::fail(swapped.error());
  if (all.cluster.storage_backend != storage::backend::inmemory)
    return open_state(all, identity, {});
  auto state = storage::read_memory_snapshot(stores.state_path);
  if (!state)
    return base::fail(state.error());
  std::filesystem::remove(stores.state_path);
  return std::make_unique<storage::memory_state_machine>(identity, std::move(*state));
}

std::optional<std::string> describe_open_stores() {
  auto open = storage::open_stores();
  for (const auto& file : storage::sqlite_open_files())
    open.push_back(file.path + " (" + std::to_string(file.writers) + " writers, "
                   + std::to_string(file.readers) + " readers)");
  if (open.empty())
    return std::nullopt;
  std::string text;
  for (const auto& path : open)
    text += (text.empty() ? "" : ", ") + path;
  return text;
}

} // namespace node
