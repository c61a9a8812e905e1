// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-debug-storage/replayer.hpp"

#include <filesystem>

#include "storage/files.hpp"
#include "storage/install.hpp"
#include "storage/lmdb_state_machine.hpp"
#include "storage/plain_files.hpp"
#include "storage/sqlite_schema.hpp"
#include "storage/sqlite_state_machine.hpp"

namespace debug_storage {

namespace fs = std::filesystem;
using base::errc;
using storage::backend;

namespace {

constexpr std::size_t batch_entries_max = 1000;
constexpr std::size_t batch_bytes_max = std::size_t{8} * 1024 * 1024;
constexpr std::uint64_t wal_bytes_max = std::uint64_t{64} * 1024 * 1024;
constexpr std::uint64_t map_bytes = std::uint64_t{16} << 30;

storage::sqlite_state_options sqlite_options(const storage::store_paths& scratch) {
  storage::sqlite_state_options options;
  options.path = scratch.state_path;
  return options;
}

} // namespace

template <class Machine>
base::status replayer::keep(base::result<std::unique_ptr<Machine>> opened) {
  if (!opened)
    return base::fail(opened.error());
  machine_ = std::move(*opened);
  return {};
}

base::status replayer::begin(const std::string& snapshot) {
  return snapshot.empty() ? begin_at_genesis() : begin_at(snapshot);
}

base::status replayer::begin_in_place() {
  return scratch_.backend == backend::lmdb
             ? keep(storage::lmdb_state_machine::open({scratch_.state_path, map_bytes, {}}))
             : keep(storage::sqlite_state_machine::open(sqlite_options(scratch_)));
}

base::status replayer::run(raft::log_index up_to) {
  auto next = machine_->meta().last_applied.index.next();
  while (next <= up_to) {
    auto entries = read_batch(next, up_to);
    if (!entries)
      return base::fail(entries.error());
    auto applied = machine_->apply(*entries, watermark());
    if (!applied)
      return base::fail(applied.error().within("replay from entry " + std::to_string(next.value)));
    next = entries->back().id.index.next();
    if (auto folded = fold_wal(); !folded)
      return folded;
  }
  return {};
}

base::status replayer::close_as_one_file() {
  auto given = machine_->give_up();
  machine_.reset();
  if (!given)
    return given;
  for (const char* suffix : {"-lock", "-wal", "-shm"})
    if (auto removed = storage::remove_file(scratch_.state_path + suffix); !removed)
      return removed;
  return {};
}

base::status replayer::begin_at_genesis() {
  auto point = marks().snapshot.id.index;
  if (point != raft::log_index{})
    return base::fail(
        errc::invalid,
        "the log begins after index " + std::to_string(point.value)
            + ": name a snapshot file or backup of that index or a later one (--snapshot)");
  return scratch_.backend == backend::lmdb
             ? keep(storage::lmdb_state_machine::create({scratch_.state_path, map_bytes, {}},
                                                        marks().identity))
             : keep(storage::sqlite_state_machine::create(sqlite_options(scratch_),
                                                          marks().identity));
}

base::status replayer::begin_at(const std::string& snapshot) {
  if (auto copied = copy(snapshot); !copied)
    return copied;
  auto prepared = storage::prepare_install(scratch_, partial(), scratch_.state_path,
                                           marks().identity, {}, map_bytes);
  if (!prepared)
    return base::fail(prepared.error().within(snapshot));
  auto at = prepared->meta.last_applied.index;
  if (at < marks().snapshot.id.index)
    return base::fail(errc::invalid, snapshot + " is at index " + std::to_string(at.value)
                                         + " and the log begins after "
                                         + std::to_string(marks().snapshot.id.index.value));
  return scratch_.backend == backend::lmdb
             ? keep(storage::lmdb_state_machine::open({scratch_.state_path, map_bytes, {}}))
             : keep(storage::sqlite_state_machine::open(sqlite_options(scratch_)));
}

base::status replayer::copy(const std::string& snapshot) {
  if (!storage::file_exists(snapshot))
    return base::fail(errc::not_found, snapshot + " does not exist");
  if (storage::file_size(storage::wal_path(snapshot)) > 0)
    return base::fail(errc::invalid,
                      snapshot + " has a WAL: it is a node's database, not a snapshot");
  if (auto space = storage::check_free_space(partial(), 2 * storage::file_size(snapshot)); !space)
    return space;
  std::error_code failure;
  fs::copy_file(snapshot, partial(), failure);
  if (failure)
    return base::fail(errc::io, "copy " + snapshot + ": " + failure.message());
  return {};
}

base::result<std::vector<raft::entry>> replayer::read_batch(raft::log_index first,
                                                            raft::log_index last) {
  std::vector<raft::entry> entries;
  std::size_t bytes = 0;
  for (auto index = first; index <= last; index = index.next()) {
    auto entry = log_.entry(index);
    if (!entry)
      return base::fail(entry.error());
    bytes += entry->payload.size();
    entries.push_back(std::move(*entry));
    if (entries.size() == batch_entries_max || bytes >= batch_bytes_max)
      break;
  }
  return entries;
}

base::status replayer::fold_wal() {
  if (!machine_->has_wal() || machine_->wal().bytes < wal_bytes_max)
    return {};
  auto done = machine_->checkpoint(storage::checkpoint_mode::truncate);
  return done ? base::status{} : base::fail(done.error());
}

} // namespace debug_storage
