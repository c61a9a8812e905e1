// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-debug-storage/stores.hpp"

#include <array>
#include <filesystem>
#include <fstream>

#include "storage/lmdb_inspect.hpp"
#include "storage/lmdb_structure.hpp"
#include "storage/sqlite_inspect.hpp"
#include "tools/aspen-debug-storage/in_use.hpp"

namespace debug_storage {

namespace fs = std::filesystem;
using base::errc;
using storage::backend;

namespace {

constexpr auto log_name = "raft-log.lmdb";
constexpr auto sqlite_name = "state-machine.db";
constexpr auto lmdb_name = "state-machine.lmdb";
/// LMDB maps at least what the file holds, and a reader needs no more.
constexpr std::uint64_t map_bytes_min = std::uint64_t{1} << 20;

bool is_directory(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Sixteen bytes, at the very beginning (sqlite.org/fileformat.html, 1.3).
bool is_sqlite(const std::string& path) {
  constexpr std::string_view magic("SQLite format 3\0", 16);
  std::array<char, magic.size()> head{};
  std::ifstream(path, std::ios::binary).read(head.data(), head.size());
  return std::string_view(head.data(), head.size()) == magic;
}

backend backend_of(const std::string& state_path) {
  if (state_path.ends_with(".lmdb"))
    return backend::lmdb;
  if (!is_there(state_path) || state_path.ends_with(".db") || is_sqlite(state_path))
    return backend::sqlite;
  return backend::lmdb;
}

base::status require(const std::string& path) {
  if (is_there(path))
    return {};
  return base::fail(errc::not_found, path + " does not exist");
}

base::status check_sound(const std::string& path) {
  auto structure = storage::check_lmdb_structure(path);
  if (!structure)
    return base::fail(structure.error());
  if (structure->faults.empty())
    return {};
  return base::fail(errc::corrupt, path + ": " + structure->faults.front());
}

} // namespace

base::result<storage::store_paths> stores_of(const selection& what) {
  storage::store_paths stores;
  if (what.where.empty() && (what.log.empty() || what.state.empty()))
    return base::fail(errc::invalid, "name a data directory, or both --log and --state");
  if (!what.where.empty()) {
    if (auto there = require(what.where); !there)
      return base::fail(there.error());
    if (!is_directory(what.where))
      return base::fail(errc::invalid, what.where + " is not a directory");
  }
  stores.data_dir = what.where.empty() ? fs::path(what.log).parent_path().string() : what.where;
  auto within = fs::path(stores.data_dir);
  stores.log_path = what.log.empty() ? (within / log_name).string() : what.log;
  stores.state_path = what.state;
  if (what.state.empty()) {
    bool is_lmdb = is_there(within / lmdb_name) && !is_there(within / sqlite_name);
    stores.state_path = (within / (is_lmdb ? lmdb_name : sqlite_name)).string();
  }
  stores.backend = backend_of(stores.state_path);
  return stores;
}

base::result<std::string> log_of(const selection& what) {
  auto path = what.log.empty() ? what.where : what.log;
  if (path.empty())
    return base::fail(errc::invalid, "name a data directory or a log (--log PATH)");
  if (is_directory(path))
    path = (fs::path(path) / log_name).string();
  if (auto there = require(path); !there)
    return base::fail(there.error());
  return path;
}

base::result<storage::store_paths> state_of(const selection& what) {
  auto path = what.state.empty() ? what.where : what.state;
  if (path.empty())
    return base::fail(errc::invalid, "name a data directory or a state machine (--state PATH)");
  storage::store_paths stores;
  if (is_directory(path)) {
    auto found = stores_of({path, {}, {}});
    if (!found)
      return found;
    stores = *found;
  } else {
    stores.state_path = path;
    stores.data_dir = fs::path(path).parent_path().string();
    stores.backend = backend_of(path);
  }
  if (auto there = require(stores.state_path); !there)
    return base::fail(there.error());
  return stores;
}

base::result<std::unique_ptr<storage::lmdb_log_reader>> open_log(const std::string& path,
                                                                 storage::log_verification how) {
  if (auto closed = check_log_is_closed(path); !closed)
    return base::fail(closed.error());
  // LMDB itself looks at nothing before it follows it.
  if (auto sound = check_sound(path); !sound)
    return base::fail(sound.error());
  return storage::lmdb_log_reader::open(path, how);
}

base::result<std::unique_ptr<storage::state_inspection>> open_state(
    const storage::store_paths& stores) {
  const auto& path = stores.state_path;
  if (stores.backend == backend::sqlite)
    return storage::inspect_sqlite(path, is_state_in_use(stores)
                                             ? storage::wal_view::with_wal
                                             : storage::wal_view::with_wal_undisturbed);
  if (auto closed = check_log_is_closed(path); !closed)
    return base::fail(closed.error());
  if (auto sound = check_sound(path); !sound)
    return base::fail(sound.error());
  return storage::inspect_lmdb(path, map_bytes_min);
}

bool is_state_in_use(const storage::store_paths& stores) {
  return stores.backend == backend::sqlite && is_database_open(stores.state_path);
}

} // namespace debug_storage
