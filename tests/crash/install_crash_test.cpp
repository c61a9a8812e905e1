// SPDX-License-Identifier: Apache-2.0
// The process dies at each step of an install, and at each step of going on after that:
// both stores are always found good, and a second try ends on the snapshot (rules 16, 17).
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <functional>

#include "storage/files.hpp"
#include "storage/install.hpp"
#include "tests/support/two_stores.hpp"

namespace {

namespace fs = std::filesystem;
using raft::log_index;
using storage::install_step;
using tests::two_stores;

constexpr int died = 42;
constexpr int failed = 43;

int steps_left = 0;

void count_step(const char*, const std::string&) {
  if (--steps_left == 0)
    ::_exit(died);
}

/// Runs `work` in a process of its own that dies before its `step`-th step. True: it came
/// to its end.
bool runs_through(int step, const std::function<bool()>& work) {
  auto child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    steps_left = step;
    storage::set_file_step_hook(&count_step);
    ::_exit(work() ? 0 : failed);
  }
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFEXITED(status));
  INFO("at step " << step);
  REQUIRE((WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == died));
  return WEXITSTATUS(status) == 0;
}

/// Between two steps that do not change names, as a commit of LMDB.
void between_steps() {
  storage::before_file_step("between", "");
}

/// A server that is behind, or lost its state machine, beside a received snapshot.
class installing : public two_stores {
public:
  installing(storage::backend kind, bool is_lost) : two_stores(kind, 3), kind_(kind) {
    put_many(10);
    checkpoint();
    if (!is_lost)
      keep_as_behind();
    put_many(10);
    snapshot_at = state->meta().last_applied.index;
    receive();
    if (is_lost)
      lose();
    else
      go_behind();
    keep_all();
  }

  storage::transfer_paths files() const { return storage::transfer_paths(paths()); }
  std::string incoming() const { return files().incoming(base::uuid_from_name("file")); }

  /// All four steps, as the actors do them.
  bool install() {
    log = *storage::lmdb_log_store::open(log_options());
    storage::pending_install pending;
    pending.file = files().prepared_name({snapshot_at, raft::term{1}});
    auto report = storage::prepare_install(
        paths(), incoming(), files().prepared(pending.file), who,
        {log->state().write_counter, log->state().hard_state.commit_index}, map_bytes);
    if (!report)
      return false;
    pending.point = {report->meta.last_applied, report->meta.chain, report->meta.membership};
    pending.digest = report->meta.digest;
    between_steps();
    if (!log->set_pending_install(pending))
      return false;
    between_steps();
    return swap(pending) && finish();
  }

  bool swap(const storage::pending_install& pending) {
    if (fs::exists(state_path()) && !give_up())
      return false;
    between_steps();
    if (!storage::swap_state_file(paths(), files().prepared(pending.file)))
      return false;
    between_steps();
    return open_state();
  }

  bool give_up() {
    if (!open_state())
      return false;
    if (state->has_wal() && !log->set_checkpoint_started(state->meta().last_applied.index))
      return false;
    between_steps();
    bool given_up = state->give_up().has_value();
    state.reset();
    return given_up;
  }

  bool finish() {
    between_steps();
    bool finished = log->finish_pending_install().has_value();
    between_steps();
    return finished;
  }

  /// What a start does about what the gate has found.
  bool resume(install_step step) {
    log = *storage::lmdb_log_store::open(log_options());
    between_steps();
    bool done = storage::resume_install(paths(), step, *log).has_value();
    between_steps();
    return done;
  }

  bool open_state() {
    if (kind_ == storage::backend::sqlite) {
      auto opened = storage::sqlite_state_machine::open(sqlite_options());
      if (opened)
        state = std::move(*opened);
      return opened.has_value();
    }
    auto opened = storage::lmdb_state_machine::open(lmdb_options());
    if (opened)
      state = std::move(*opened);
    return opened.has_value();
  }

  /// The directory as it was before anything was tried.
  void start_over() {
    close();
    for (const auto& each : fs::directory_iterator(dir.path()))
      if (each.is_regular_file())
        fs::remove(each.path());
    for (const auto& each : fs::directory_iterator(dir / "kept"))
      fs::copy_file(each.path(), dir.path() / each.path().filename());
  }

  void check_whole(log_index expected) {
    REQUIRE(open_state());
    CHECK(state->meta().last_applied.index == expected);
    CHECK(state->identity() == who);
    CHECK(state->verify_rows([] { return true; }) == state->meta().digest);
    close();
  }

  log_index snapshot_at;
  log_index behind_at;

private:
  void keep_as_behind() {
    behind_at = state->meta().last_applied.index;
    close();
    fs::create_directory(dir / "behind");
    for (const auto& path : {log_path(), state_path(), wal()})
      if (fs::exists(path))
        fs::copy_file(path, dir.path() / "behind" / fs::path(path).filename());
    open();
  }

  /// From another server, with marks of its own.
  void receive() {
    auto written = (dir / "written").string();
    REQUIRE(state->write_snapshot(written));
    auto sender = who;
    sender.server = raft::server_id{2};
    sender.log_uuid = base::uuid_from_name("the sender's log");
    REQUIRE(storage::prepare_install(paths(), written, incoming(), sender, {100000, snapshot_at},
                                     map_bytes));
  }

  void go_behind() {
    close();
    for (const auto& path : {log_path(), state_path(), wal(), state_path() + "-shm"})
      fs::remove(path);
    for (const auto& each : fs::directory_iterator(dir / "behind"))
      fs::copy_file(each.path(), dir.path() / each.path().filename());
  }

  /// The log goes on behind the snapshot, begins after index 11, and its marks are ahead.
  void lose() {
    compact();
    put_many(3);
    checkpoint();
    close();
    for (const auto& path : {state_path(), wal(), state_path() + "-shm", state_path() + "-lock"})
      fs::remove(path);
  }

  void keep_all() {
    close();
    fs::create_directory(dir / "kept");
    for (const auto& each : fs::directory_iterator(dir.path()))
      if (each.is_regular_file())
        fs::copy_file(each.path(), dir / "kept" / each.path().filename().string());
  }

  storage::backend kind_;
};

/// Goes on after a crash until both stores stand, dying again before step `again`. True: it
/// came to its end at the first try.
bool go_on(installing& server, int again) {
  auto report = server.check_ok();
  if (report.install == install_step::none)
    return true;
  auto step = report.install;
  bool done = runs_through(again, [&] { return server.resume(step); });
  if (!done) {
    report = server.check_ok();
    REQUIRE(server.resume(report.install));
    server.close();
  }
  return done;
}

void try_every_step(storage::backend kind, bool is_lost) {
  installing server(kind, is_lost);
  bool was_installed = false;
  for (int step = 1; !was_installed; ++step) {
    bool went_on = false;
    for (int again = 1; !went_on; ++again) {
      CAPTURE(step, again);
      server.start_over();
      was_installed = runs_through(step, [&] { return server.install(); });
      went_on = go_on(server, again);
      auto report = server.check_ok();
      CHECK(report.install == install_step::none);
      bool stands_on_it = report.last_applied && report.last_applied->index == server.snapshot_at;
      CHECK((stands_on_it || !was_installed));
      if (stands_on_it)
        server.check_whole(server.snapshot_at);
      else if (!is_lost)
        server.check_whole(server.behind_at);
      else
        CHECK(report.state_is_lost);
      server.open_log();
      CHECK_FALSE(server.log->state().pending);
      if (stands_on_it) {
        CHECK(server.log->state().snapshot.id.index == server.snapshot_at);
        CHECK(server.log->state().hard_state.commit_index >= server.snapshot_at);
        CHECK(server.log->state().checkpoint_started == server.snapshot_at);
      }
      server.close();
      REQUIRE(step < 100);
      REQUIRE(again < 100);
    }
  }
}

} // namespace

TEST_CASE("a crash at any step of an install leaves the old state or the new one", "[INV-82]") {
  try_every_step(GENERATE(storage::backend::sqlite, storage::backend::lmdb), false);
}

TEST_CASE("a crash at any step of an install leaves a lost state lost, or replaced", "[INV-82]") {
  try_every_step(GENERATE(storage::backend::sqlite, storage::backend::lmdb), true);
}
