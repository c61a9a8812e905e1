// SPDX-License-Identifier: Apache-2.0
// A pending install, whatever became of it (INV-82).
#include "storage/cross_check.hpp"

#include "storage/sqlite_snapshot.hpp"
#include "tests/support/store_damage.hpp"
#include "tests/support/two_stores.hpp"

using raft::log_index;
using storage::verdict;
using tests::run_sql;
using tests::two_stores;

namespace {

/// A follower for which a snapshot of the state at index 24 was received and announced.
class installing : public two_stores {
public:
  installing() {
    put_many(3);
    two_stores ahead;
    copy_to(ahead);
    ahead.open();
    ahead.put_many(20);
    auto partial = (dir / "received.partial").string();
    REQUIRE(ahead.state->write_snapshot(partial));
    const auto& meta = ahead.state->meta();
    open();
    pending = {{meta.last_applied, meta.chain, meta.membership}, meta.digest, "install-24-1.db"};
    REQUIRE(storage::prepare_sqlite_install(
        partial, install_path(), who,
        {log->state().write_counter, log->state().hard_state.commit_index}));
    REQUIRE(log->set_pending_install(pending));
    close();
  }

  std::string install_path() const { return dir / "install-24-1.db"; }

  void copy_to(two_stores& other) {
    close();
    other.close();
    for (const auto& [from, to] : {std::pair(log_path(), other.log_path()),
                                   {state_path(), other.state_path()},
                                   {wal(), other.wal()}})
      other.put_back(from, to);
    other.who = who;
  }

  storage::pending_install pending;
};

} // namespace

TEST_CASE_METHOD(installing, "An install whose file is whole goes on (INV-82)", "[cross-check]") {
  auto report = check_ok();
  CHECK(report.install == storage::install_step::swap);
}

TEST_CASE_METHOD(installing, "An install goes on whatever became of the old state (INV-82)",
                 "[cross-check]") {
  SECTION("it was removed") {
    remove(state_path());
  }
  SECTION("its WAL was removed") {
    remove(wal());
  }
  SECTION("it is no database") {
    set_content(state_path(), "nonsense");
  }
  CHECK(check_ok().install == storage::install_step::swap);
}

TEST_CASE_METHOD(installing, "An install whose file is in place is finished (INV-82)",
                 "[cross-check]") {
  REQUIRE(storage::swap_sqlite_file(install_path(), state_path()));
  CHECK(check_ok().install == storage::install_step::finish);
  open();
  REQUIRE(log->finish_pending_install());
  auto report = check_ok();
  CHECK(report.install == storage::install_step::none);
  CHECK(report.last_applied->index == log_index{24});
}

TEST_CASE_METHOD(installing, "An install whose file is of no use is dropped (INV-82)",
                 "[cross-check]") {
  SECTION("it is missing") {
    remove(install_path());
  }
  SECTION("it is cut short") {
    auto whole = content(install_path());
    set_content(install_path(), whole.substr(0, whole.size() / 2));
  }
  SECTION("one row is another") {
    run_sql(install_path(), "UPDATE state_machine_kv SET value = x'00' WHERE key = 'key7'");
  }
  CHECK(check_ok().install == storage::install_step::drop);
  open();
  REQUIRE(log->drop_pending_install());
  CHECK(check_ok().last_applied->index == log_index{4});
}

TEST_CASE_METHOD(installing, "A lost state machine is not replaced by half an install (INV-82)",
                 "[cross-check]") {
  open();
  put("more");
  checkpoint();
  compact();
  remove(install_path());
  remove(state_path());
  remove(wal());
  CHECK(check().verdict == verdict::refuse);
}
