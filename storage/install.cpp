// SPDX-License-Identifier: Apache-2.0
#include "storage/install.hpp"

#include <filesystem>

#include "base/check.hpp"
#include "storage/files.hpp"
#include "storage/lmdb_install.hpp"
#include "storage/memory_snapshot.hpp"
#include "storage/plain_files.hpp"
#include "storage/sqlite_snapshot.hpp"

namespace storage {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view incoming_prefix = "incoming-";
constexpr std::string_view outgoing_prefix = "snapshot-to-send";
constexpr std::string_view backup_prefix = "backup-to-send";
constexpr std::string_view prepared_prefix = "install-";

/// Our own names only: the directory is the operator's.
bool is_prepared_name(std::string_view name, std::string_view extension) {
  if (!name.starts_with(prepared_prefix))
    return false;
  name.remove_prefix(prepared_prefix.size());
  auto end = name.find_first_not_of("0123456789-");
  auto rest = end == name.npos ? std::string_view() : name.substr(end);
  return name.find('-') != name.npos && name.find('-') < end && rest.starts_with(extension)
         && (rest.size() == extension.size() || rest[extension.size()] == '-');
}

bool is_incoming_name(std::string_view name, std::string_view extension) {
  constexpr std::size_t uuid_characters = 36;
  if (!name.starts_with(incoming_prefix))
    return false;
  name.remove_prefix(incoming_prefix.size());
  return name.size() > uuid_characters && base::uuid_from_string(name.substr(0, uuid_characters))
         && name.substr(uuid_characters).starts_with(std::string(extension) + ".partial");
}

template <class Predicate>
base::status remove_if(const std::string& directory, Predicate is_to_go) {
  std::error_code failure;
  for (fs::directory_iterator each(directory, failure), end; !failure && each != end;
       each.increment(failure))
    if (is_to_go(each->path().filename().string()))
      if (auto removed = remove_file(each->path().string()); !removed)
        return removed;
  if (failure)
    return base::fail(base::errc::io, "list " + directory + ": " + failure.message());
  return {};
}

} // namespace

transfer_paths::transfer_paths(const store_paths& stores) {
  fs::path state(stores.state_path);
  directory = state.has_parent_path() ? state.parent_path().string() : ".";
  extension = state.extension().string();
}

std::string transfer_paths::outgoing() const {
  return (fs::path(directory) / (std::string(outgoing_prefix) + extension)).string();
}

std::string transfer_paths::backup() const {
  return (fs::path(directory) / (std::string(backup_prefix) + extension)).string();
}

std::string transfer_paths::incoming(const base::uuid& file) const {
  auto name = std::string(incoming_prefix) + base::to_string(file) + extension + ".partial";
  return (fs::path(directory) / name).string();
}

std::string transfer_paths::prepared_name(const raft::entry_id& id) const {
  return std::string(prepared_prefix) + std::to_string(id.index.value) + "-"
         + std::to_string(id.term.value) + extension;
}

std::string transfer_paths::prepared(const std::string& name) const {
  return (fs::path(directory) / name).string();
}

base::status remove_transfer_leftovers(const transfer_paths& files,
                                       const std::optional<pending_install>& pending) {
  auto is_made_here = [](const std::string& name, const std::string& path) {
    auto made = fs::path(path).filename().string();
    return name == made || name.starts_with(made + ".partial");
  };
  return remove_if(files.directory, [&](const std::string& name) {
    bool is_pending = pending && name == pending->file;
    return is_made_here(name, files.outgoing()) || is_made_here(name, files.backup())
           || (is_prepared_name(name, files.extension) && !is_pending);
  });
}

base::status remove_other_incoming(const transfer_paths& files, const base::uuid& kept) {
  auto kept_name = fs::path(files.incoming(kept)).filename().string();
  return remove_if(files.directory, [&](const std::string& name) {
    return is_incoming_name(name, files.extension) && !name.starts_with(kept_name);
  });
}

base::result<snapshot_report> prepare_install(const store_paths& stores, const std::string& partial,
                                              const std::string& ready, const identity& identity,
                                              const log_watermark& watermark,
                                              std::uint64_t map_bytes,
                                              const snapshot_watch& watch) {
  switch (stores.backend) {
  case backend::sqlite: return prepare_sqlite_install(partial, ready, identity, watermark, watch);
  case backend::lmdb:
    return prepare_lmdb_install(partial, ready, identity, watermark, map_bytes, watch);
  case backend::inmemory: return prepare_memory_install(partial, ready, identity, watch);
  }
  return base::fail(base::errc::unsupported, "this storage backend installs no snapshot");
}

base::status swap_state_file(const store_paths& stores, const std::string& ready) {
  switch (stores.backend) {
  case backend::sqlite: return swap_sqlite_file(ready, stores.state_path);
  case backend::lmdb: return swap_lmdb_file(ready, stores.state_path);
  case backend::inmemory: return durable_rename(ready, stores.state_path);
  }
  return base::fail(base::errc::unsupported, "this storage backend installs no snapshot");
}

base::status resume_install(const store_paths& stores, install_step step, log_store& log) {
  if (step == install_step::none)
    return {};
  BASE_CHECK(log.state().pending.has_value(), "INV-82: an install that is resumed is pending");
  transfer_paths files(stores);
  auto ready = files.prepared(log.state().pending->file);
  if (step == install_step::drop) {
    if (auto dropped = log.drop_pending_install(); !dropped)
      return dropped;
    return remove_file(ready);
  }
  if (step == install_step::swap)
    if (auto swapped = swap_state_file(stores, ready); !swapped)
      return swapped;
  return log.finish_pending_install();
}

} // namespace storage
