// SPDX-License-Identifier: Apache-2.0
#include "storage/set_aside.hpp"

#include "base/check.hpp"
#include "storage/files.hpp"
#include "storage/plain_files.hpp"
#include "storage/sqlite_open_files.hpp"
#include "storage/sqlite_schema.hpp"

namespace storage {

namespace {

base::result<std::string> free_name(const std::string& path) {
  for (int number = 1; number <= states_aside_max; ++number) {
    auto name = path + ".aside-" + std::to_string(number);
    if (!file_exists(name) && !file_exists(wal_path(name)))
      return name;
  }
  return base::fail(base::errc::limit, "there are " + std::to_string(states_aside_max)
                                           + " state machines set aside as " + path
                                           + ".aside-N: move them elsewhere");
}

} // namespace

base::status set_state_aside(const store_paths& paths) {
  const auto& path = paths.state_path;
  BASE_CHECK(!is_open_in_sqlite(path), "a state machine is set aside while it is open");
  if (!file_exists(path))
    return {};
  auto aside = free_name(path);
  if (!aside)
    return base::fail(aside.error());
  // The database first: alone, without its WAL, it might pass for a whole one.
  if (auto moved = durable_rename_new(path, *aside); !moved)
    return moved;
  if (file_exists(wal_path(path)))
    if (auto moved = durable_rename_new(wal_path(path), wal_path(*aside)); !moved)
      return moved;
  for (const auto& derived : {shm_path(path), path + "-lock"})
    if (auto removed = remove_file(derived); !removed)
      return removed;
  return sync_directory_of(path);
}

} // namespace storage
