// SPDX-License-Identifier: Apache-2.0
#include "tools/common/restored_directory.hpp"

#include <filesystem>
#include <tuple>
#include <vector>

#include "storage/files.hpp"
#include "storage/new_generation.hpp"
#include "storage/plain_files.hpp"

namespace tools {

namespace fs = std::filesystem;

namespace {

constexpr const char* log_name = "raft-log.lmdb";
constexpr const char* copy_suffix = ".restoring";

std::string state_name(storage::backend kind) {
  return kind == storage::backend::lmdb ? "state-machine.lmdb" : "state-machine.db";
}

/// What a restore makes, and what SQLite and LMDB make meanwhile. Beside the mark nobody else made any of it:
/// no node starts there.
bool is_of_restore(const std::string& name) {
  return name == node_lock_name || name.starts_with("state-machine.") || name.starts_with(log_name);
}

base::result<std::vector<std::string>> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code broken;
  for (fs::directory_iterator each(directory, broken), end; !broken && each != end;
       each.increment(broken))
    names.push_back(each->path().filename().string());
  if (broken)
    return base::fail(base::errc::io, "list " + directory + ": " + broken.message());
  return names;
}

template <class Predicate>
base::status check_holds_only(const std::string& directory, Predicate may_be_there) {
  auto names = names_in(directory);
  if (!names)
    return base::fail(names.error());
  for (const auto& each : *names)
    if (!may_be_there(each))
      return base::fail(base::errc::invalid, directory + " is not empty: it holds " + each
                                                 + "; a backup is restored into a new or empty "
                                                   "directory only");
  return {};
}

/// `is_marked`: an earlier restore was here. Else the directory is empty, but for the mark and the lock of this one
/// where it `is_begun`.
base::status check_is_ours(const std::string& directory, bool is_marked, bool is_begun) {
  return check_holds_only(directory, [&](const std::string& name) {
    if (is_marked)
      return name == storage::unfinished_name || is_of_restore(name);
    return is_begun && (name == storage::unfinished_name || name == node_lock_name);
  });
}

base::status remove_made(const std::string& directory) {
  auto names = names_in(directory);
  if (!names)
    return base::fail(names.error());
  for (const auto& each : *names)
    if (is_of_restore(each) && each != node_lock_name)
      if (auto removed = storage::durable_remove((fs::path(directory) / each).string()); !removed)
        return base::fail(removed.error());
  return {};
}

} // namespace

base::result<restored_directory> restored_directory::open(const std::string& path,
                                                          const std::string& doing) {
  std::error_code ignored;
  if (fs::exists(path, ignored) && !fs::is_directory(path, ignored))
    return base::fail(base::errc::invalid, path + " is not a directory");
  restored_directory made(path, !fs::exists(path, ignored));
  bool is_marked = storage::unfinished_text(path).has_value();
  if (!made.is_new_)
    if (auto is_empty = check_is_ours(path, is_marked, false); !is_empty)
      return base::fail(is_empty.error());
  if (auto local = storage::check_local_file_system(path); !local)
    return base::fail(local.error());
  if (auto ready = storage::make_directories(path); !ready)
    return base::fail(ready.error());
  // Before anything else: from here on no node takes the directory for a new one.
  if (auto marked = storage::mark_unfinished(path, doing + " into this directory came to no end.");
      !marked)
    return base::fail(marked.error());
  auto lock = file_lock::of_node(path, true);
  if (!lock) {
    if (!is_marked)
      std::ignore = storage::clear_unfinished(path);
    return base::fail(lock.error());
  }
  made.lock_.emplace(std::move(*lock));
  // A node that ran in the moment before the mark has left something.
  if (auto is_empty = check_is_ours(path, is_marked, true); !is_empty) {
    if (!is_marked)
      std::ignore = storage::clear_unfinished(path);
    return base::fail(is_empty.error());
  }
  if (auto removed = remove_made(path); !removed)
    return base::fail(removed.error());
  return made;
}

storage::store_paths restored_directory::stores(storage::backend kind) const {
  fs::path within(path_);
  return {kind, path_, (within / log_name).string(), (within / state_name(kind)).string()};
}

std::string restored_directory::copy_path(storage::backend kind) const {
  return stores(kind).state_path + copy_suffix;
}

base::status restored_directory::finish() {
  return storage::clear_unfinished(path_);
}

void restored_directory::empty() {
  if (!remove_made(path_))
    return; // the mark stays, and says so
  [[maybe_unused]] auto lock_gone =
      storage::durable_remove((fs::path(path_) / node_lock_name).string());
  [[maybe_unused]] auto cleared = storage::clear_unfinished(path_);
  std::error_code ignored;
  if (is_new_)
    fs::remove(path_, ignored);
}

} // namespace tools
