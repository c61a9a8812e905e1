// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "storage/files.hpp"
#include "storage/install.hpp"
#include "storage/lmdb_state_machine.hpp"
#include "storage/plain_files.hpp"
#include "storage/sqlite_schema.hpp"
#include "storage/sqlite_state_machine.hpp"
#include "tools/aspen-debug-storage/commands.hpp"
#include "tools/aspen-debug-storage/state_diff.hpp"

namespace debug_storage {

namespace fs = std::filesystem;
using base::errc;
using storage::backend;

namespace {

constexpr std::size_t batch_entries_max = 1000;
constexpr std::size_t batch_bytes_max = std::size_t{8} * 1024 * 1024;
constexpr std::uint64_t wal_bytes_max = std::uint64_t{64} * 1024 * 1024;
constexpr std::uint64_t map_bytes = std::uint64_t{16} << 30;

/// Where the replayed state machine is made: new, and removed unless the operator named it.
class scratch_directory {
public:
  static base::result<scratch_directory> make(const std::string& wanted) {
    if (!wanted.empty())
      return at(wanted);
    auto pattern = (fs::temp_directory_path() / "aspen-replay-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr)
      return base::fail(errc::io, "cannot make a temporary directory at " + pattern + ": "
                                      + std::strerror(errno));
    return scratch_directory(pattern, true);
  }
  scratch_directory(scratch_directory&& other) noexcept
    : path_(std::exchange(other.path_, {})), is_temporary_(other.is_temporary_) {}
  scratch_directory& operator=(scratch_directory&&) = delete;
  ~scratch_directory() {
    std::error_code ignored;
    if (is_temporary_ && !path_.empty())
      fs::remove_all(path_, ignored);
  }
  const fs::path& path() const { return path_; }

private:
  scratch_directory(fs::path path, bool is_temporary)
    : path_(std::move(path)), is_temporary_(is_temporary) {}

  static base::result<scratch_directory> at(const std::string& wanted) {
    std::error_code ignored;
    if (fs::exists(wanted, ignored)
        && !(fs::is_directory(wanted, ignored) && fs::is_empty(wanted, ignored)))
      return base::fail(errc::invalid,
                        "--out: " + wanted + " exists and is not an empty directory");
    if (auto made = storage::make_directories(wanted); !made)
      return base::fail(made.error());
    return scratch_directory(wanted, false);
  }

  fs::path path_;
  bool is_temporary_;
};

/// One replay: from a log into a state machine of its own.
class replayer {
public:
  replayer(storage::lmdb_log_reader& log, storage::store_paths scratch)
    : log_(log), scratch_(std::move(scratch)) {}

  base::status begin(const std::string& snapshot) {
    return snapshot.empty() ? begin_at_genesis() : begin_at(snapshot);
  }

  base::status run(raft::log_index up_to) {
    auto next = machine_->meta().last_applied.index.next();
    while (next <= up_to) {
      auto entries = read_batch(next, up_to);
      if (!entries)
        return base::fail(entries.error());
      auto applied = machine_->apply(*entries, watermark());
      if (!applied)
        return base::fail(
            applied.error().within("replay from entry " + std::to_string(next.value)));
      next = entries->back().id.index.next();
      if (auto folded = fold_wal(); !folded)
        return folded;
    }
    machine_.reset();
    return {};
  }

  raft::log_index began_at() const { return machine_->meta().last_applied.index; }

private:
  const storage::log_marks& marks() const { return log_.scan().marks; }
  storage::log_watermark watermark() const {
    return {marks().write_counter, marks().hard_state.commit_index};
  }

  base::status begin_at_genesis() {
    auto point = marks().snapshot.id.index;
    if (point != raft::log_index{})
      return base::fail(
          errc::invalid,
          "the log begins after index " + std::to_string(point.value)
              + ": name a snapshot file or backup of that index or a later one (--snapshot)");
    return scratch_.backend == backend::lmdb
               ? keep(storage::lmdb_state_machine::create({scratch_.state_path, map_bytes, {}},
                                                          marks().identity))
               : keep(storage::sqlite_state_machine::create(sqlite_options(), marks().identity));
  }

  base::status begin_at(const std::string& snapshot) {
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
               : keep(storage::sqlite_state_machine::open(sqlite_options()));
  }

  base::status copy(const std::string& snapshot) {
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

  template <class Machine>
  base::status keep(base::result<std::unique_ptr<Machine>> opened) {
    if (!opened)
      return base::fail(opened.error());
    machine_ = std::move(*opened);
    return {};
  }

  storage::sqlite_state_options sqlite_options() const {
    storage::sqlite_state_options options;
    options.path = scratch_.state_path;
    return options;
  }
  std::string partial() const { return scratch_.state_path + ".partial"; }

  base::result<std::vector<raft::entry>> read_batch(raft::log_index first, raft::log_index last) {
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

  base::status fold_wal() {
    if (!machine_->has_wal() || machine_->wal().bytes < wal_bytes_max)
      return {};
    auto done = machine_->checkpoint(storage::checkpoint_mode::truncate);
    return done ? base::status{} : base::fail(done.error());
  }

  storage::lmdb_log_reader& log_;
  storage::store_paths scratch_;
  std::unique_ptr<storage::state_machine> machine_;
};

/// How far: not beyond what is committed, nor, for a comparison, beyond the real state.
base::result<raft::log_index> target_of(const replay_options& options,
                                        const storage::log_scan& scan,
                                        const storage::state_inspection* real) {
  auto committed = scan.marks.hard_state.commit_index;
  if (options.up_to > committed.value)
    return base::fail(errc::invalid, "--to " + std::to_string(options.up_to)
                                         + " lies beyond the commit index "
                                         + std::to_string(committed.value));
  if (options.up_to != 0)
    return raft::log_index{options.up_to};
  return real == nullptr ? committed : std::min(committed, real->facts().meta.last_applied.index);
}

} // namespace

outcome replay(const selection& what, tools::output_format format, const replay_options& options) {
  auto stores = stores_of(what);
  if (!stores)
    return base::fail(stores.error());
  auto log = open_log(stores->log_path, storage::log_verification::everything);
  if (!log)
    return base::fail(log.error());
  std::unique_ptr<storage::state_inspection> real;
  if (storage::file_exists(stores->state_path)) {
    auto opened = open_state(*stores);
    if (!opened)
      return base::fail(opened.error());
    real = std::move(*opened);
  }
  auto target = target_of(options, (*log)->scan(), real.get());
  if (!target)
    return base::fail(target.error());
  auto directory = scratch_directory::make(options.out);
  if (!directory)
    return base::fail(directory.error());
  auto scratch = *stores;
  scratch.data_dir = directory->path().string();
  scratch.state_path = (directory->path() / fs::path(stores->state_path).filename()).string();
  replayer again(**log, scratch);
  if (auto begun = again.begin(options.snapshot); !begun)
    return base::fail(begun.error());
  if (again.began_at() > *target)
    return base::fail(errc::invalid, options.snapshot + " is at index "
                                         + std::to_string(again.began_at().value) + ", beyond "
                                         + std::to_string(target->value));
  if (auto done = again.run(*target); !done)
    return base::fail(done.error());
  auto replayed = open_state(scratch);
  if (!replayed)
    return base::fail(replayed.error());
  comparison found(options.diff.shown_max);
  if (real == nullptr)
    found.compare("state machine", "replayed to index " + std::to_string(target->value),
                  "missing: " + stores->state_path);
  else if (auto done = compare_states(**replayed, *real, found); !done)
    return base::fail(done.error());
  auto name = "replayed to " + std::to_string(target->value)
              + (options.out.empty() ? "" : " in " + scratch.state_path);
  found.print(format, name, stores->state_path);
  return found.is_equal() ? exit_status::done : exit_status::differs;
}

} // namespace debug_storage
