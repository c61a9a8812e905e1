// SPDX-License-Identifier: Apache-2.0
#include <stdlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "storage/files.hpp"
#include "storage/plain_files.hpp"
#include "tools/aspen-debug-storage/commands.hpp"
#include "tools/aspen-debug-storage/replayer.hpp"
#include "tools/aspen-debug-storage/state_diff.hpp"

namespace debug_storage {

namespace fs = std::filesystem;
using base::errc;

namespace {

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
  replayer again(**log, scratch, (*log)->scan().marks.hard_state.commit_index);
  if (auto begun = again.begin(options.snapshot); !begun)
    return base::fail(begun.error());
  if (again.began_at() > *target)
    return base::fail(errc::invalid, options.snapshot + " is at index "
                                         + std::to_string(again.began_at().value) + ", beyond "
                                         + std::to_string(target->value));
  if (auto done = again.run(*target); !done)
    return base::fail(done.error());
  again.close();
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
