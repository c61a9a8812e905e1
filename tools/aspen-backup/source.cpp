// SPDX-License-Identifier: Apache-2.0
#include "tools/aspen-backup/source.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "storage/files.hpp"
#include "storage/plain_files.hpp"
#include "storage/state_file.hpp"
#include "tools/aspen-debug-storage/in_use.hpp"
#include "tools/aspen-debug-storage/replayer.hpp"
#include "tools/aspen-debug-storage/stores.hpp"
#include "tools/common/node_lock.hpp"
#include "tools/common/progress.hpp"

namespace aspen_backup {

namespace fs = std::filesystem;
using storage::file_use;

namespace {

/// Half of what a step took, so that the disk is the node's in between.
constexpr int pause_divisor = 2;
constexpr std::chrono::milliseconds pause_max{20};

outcome<source> stores_at(const std::string& path) {
  std::error_code ignored;
  debug_storage::selection what;
  what.where = path;
  if (!fs::is_directory(path, ignored)) {
    fs::path file(path);
    what.where = file.has_parent_path() ? file.parent_path().string() : ".";
    what.state = path;
  }
  auto stores = debug_storage::stores_of(what);
  if (!stores)
    return failed(stores.error());
  if (!fs::exists(stores->state_path, ignored))
    return fail(exit_status::failed, stores->state_path + " does not exist");
  return source{path, std::nullopt, *stores};
}

/// What the node itself would say to these stores.
outcome<void> check_stopped(const storage::store_paths& stores) {
  if (auto closed = debug_storage::check_log_is_closed(stores.log_path); !closed)
    return failed(closed.error());
  storage::check_options options;
  options.digest_budget = std::chrono::milliseconds(0); // the copy is verified as a whole
  options.leaves_no_trace = true;
  auto report = storage::cross_check(stores, options);
  auto text = report.findings.empty() ? std::string() : report.findings.front().text;
  if (report.verdict == storage::verdict::retry)
    return fail(exit_status::unavailable, text);
  bool is_whole = report.verdict == storage::verdict::ok
                  && report.install == storage::install_step::none && !report.state_is_lost
                  && !report.wal_must_be_set_aside;
  if (!is_whole)
    return fail(exit_status::damaged,
                "the state machine of " + stores.data_dir + " is not whole by itself: "
                    + (report.verdict == storage::verdict::ok ? "start the node first" : text)
                    + "; aspen-debug-storage check " + stores.data_dir + " says more");
  return {};
}

/// Applies to the copy what the log has committed beyond it, as the node does at its next start.
outcome<void> catch_up(const storage::store_paths& stores, const std::string& copy) {
  auto log = debug_storage::open_log(stores.log_path, storage::log_verification::everything);
  if (!log)
    return failed(log.error());
  auto scratch = stores;
  scratch.state_path = copy;
  auto committed = (*log)->scan().marks.hard_state.commit_index;
  debug_storage::replayer again(**log, scratch, committed);
  if (auto begun = again.begin_in_place(); !begun)
    return failed(begun.error());
  if (auto done = again.run(committed); !done)
    return failed(done.error());
  if (auto closed = again.close_as_one_file(); !closed)
    return failed(closed.error());
  if (auto synced = storage::sync_file(copy); !synced)
    return failed(synced.error());
  return {};
}

/// Copies, says how far it is, and leaves a running node its share of the disk.
outcome<void> copy(const storage::store_paths& stores, file_use use, const std::string& to,
                   bool is_quiet) {
  tools::progress shown("copying", storage::file_size(stores.state_path), is_quiet);
  auto last_step = std::chrono::steady_clock::now();
  storage::snapshot_watch watch;
  watch.keep_going = [&] {
    shown.at(storage::file_size(to + ".partial"));
    auto worked = std::chrono::steady_clock::now() - last_step;
    if (use == file_use::running)
      std::this_thread::sleep_for(
          std::min<std::chrono::nanoseconds>(worked / pause_divisor, pause_max));
    last_step = std::chrono::steady_clock::now();
    return true;
  };
  if (auto copied = storage::copy_state_file(stores, use, to, watch); !copied)
    return failed(copied.error());
  shown.done();
  return {};
}

} // namespace

outcome<source> find_source(const std::string& text) {
  std::error_code ignored;
  if (fs::exists(text, ignored))
    return stores_at(text);
  auto endpoint = aspenctl::parse_endpoint(text);
  if (endpoint)
    return source{endpoint->url(), *endpoint, {}};
  if (text.find("://") != std::string::npos)
    return fail(exit_status::usage, endpoint.error().text);
  return fail(exit_status::usage, "'" + text
                                      + "' is neither a data directory, nor a database file, nor "
                                        "an endpoint such as http://127.0.0.1:8081");
}

outcome<void> copy_stores(const source& from, const std::string& to, bool is_quiet) {
  // The lock keeps a node from starting meanwhile; it is on a file that is there already.
  auto lock = tools::file_lock::of_node(from.stores.data_dir, false);
  if (!lock && lock.error().code != base::errc::locked)
    return failed(lock.error());
  if (lock) {
    if (auto sound = check_stopped(from.stores); !sound)
      return sound;
    if (auto copied = copy(from.stores, file_use::stopped, to, is_quiet); !copied)
      return copied;
    return catch_up(from.stores, to);
  }
  if (from.stores.backend != storage::backend::sqlite)
    return fail(exit_status::unavailable,
                lock.error().text + "; ask the node: --from http://127.0.0.1:8081");
  if (!debug_storage::is_database_open(from.stores.state_path))
    return fail(exit_status::unavailable,
                lock.error().text + " and does not serve from it: it starts, or was refused");
  return copy(from.stores, file_use::running, to, is_quiet);
}

} // namespace aspen_backup
