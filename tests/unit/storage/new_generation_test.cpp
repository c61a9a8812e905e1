// SPDX-License-Identifier: Apache-2.0
#include "storage/new_generation.hpp"

#include <stdexcept>

#include "storage/files.hpp"
#include "storage/state_file.hpp"
#include "tests/support/two_stores.hpp"

namespace {

using storage::backend;

/// A cluster of three that stands still, and an empty directory for what follows it.
struct succession {
  explicit succession(backend kind) : former(kind, 3) {
    former.put_many(5);
    report = tests::two_stores::value_of(former.state->write_snapshot(kept()));
    auto data_dir = dir.path().string();
    into = {kind, data_dir, dir / "raft-log.lmdb",
            dir / (kind == backend::sqlite ? "state-machine.db" : "state-machine.lmdb")};
  }
  std::string kept() const { return former.dir / "kept"; }
  std::string copy() const { return into.state_path + ".restoring"; }

  storage::new_generation plan() const {
    return storage::plan_generation(report.meta, {raft::server_id{7}, {}, "127.0.0.1:9", ""});
  }
  base::status found(const storage::new_generation& what) {
    std::filesystem::copy_file(kept(), copy());
    return storage::found_generation(into, copy(), what);
  }
  storage::check_report check() const {
    storage::check_options options;
    options.expected_server = raft::server_id{7};
    return storage::cross_check(into, options);
  }

  tests::two_stores former;
  tests::temp_dir dir{"generation"};
  storage::snapshot_report report;
  storage::store_paths into;
};

struct crash : std::runtime_error {
  crash() : std::runtime_error("crash") {}
};
int steps_left = 0;

void crash_at_last_step(const char*, const std::string&) {
  if (steps_left-- == 0)
    throw crash();
}

} // namespace

TEST_CASE(
    "A new generation goes on from the state, beyond every index of the former cluster (INV-146)",
    "[generation]") {
  auto kind = GENERATE(backend::sqlite, backend::lmdb);
  succession both(kind);
  auto plan = both.plan();
  REQUIRE(storage::mark_unfinished(both.into.data_dir, "unfinished"));
  REQUIRE(both.found(plan));
  REQUIRE(storage::clear_unfinished(both.into.data_dir));

  auto report = both.check();
  for (const auto& one : report.findings)
    if (one.is_violated)
      UNSCOPED_INFO(one.rule << ": " << one.text);
  CHECK(report.verdict == storage::verdict::ok);
  CHECK(report.digest_was_complete);
  auto former_index = both.report.meta.last_applied.index.value;
  REQUIRE(report.last_applied);
  CHECK(report.last_applied->index.value == former_index + storage::generation_index_gap);
  CHECK(report.last_applied->term.value == both.report.meta.last_applied.term.value + 1);
  CHECK(report.commit_index == report.last_applied->index);

  auto facts = tests::two_stores::value_of(storage::read_state_facts(kind, both.into.state_path));
  CHECK(facts.meta.digest == both.report.meta.digest);
  CHECK_FALSE(facts.meta.recorded_digest);
  CHECK(facts.meta.membership.is_sole_voter(raft::server_id{7}));
  CHECK(facts.identity.cluster_id != both.former.who.cluster_id);
  CHECK(facts.identity.incarnation != both.former.who.incarnation);
  CHECK(facts.identity.log_uuid != both.former.who.log_uuid);
}

TEST_CASE("Two restores of one backup are two clusters (INV-146)", "[generation]") {
  succession both(backend::sqlite);
  auto one = both.plan();
  auto other = both.plan();
  CHECK(one.identity.cluster_id != other.identity.cluster_id);
  CHECK(one.point.chain != other.point.chain);
}

TEST_CASE("A directory is marked before its stores are made (INV-147)", "[generation]") {
  succession both(backend::sqlite);
  REQUIRE_THROWS(both.found(both.plan()));
  CHECK_FALSE(std::filesystem::exists(both.into.state_path));
}

TEST_CASE("Wherever a new generation comes to an end before its own, the mark says so (INV-147)",
          "[generation]") {
  auto kind = GENERATE(backend::sqlite, backend::lmdb);
  int crashes = 0;
  for (bool is_done = false; !is_done; ++crashes) {
    succession both(kind);
    auto text = "the restore came to no end";
    REQUIRE(storage::mark_unfinished(both.into.data_dir, text));
    steps_left = crashes;
    storage::set_file_step_hook(crash_at_last_step);
    try {
      auto founded = both.found(both.plan());
      REQUIRE(founded);
      is_done = static_cast<bool>(storage::clear_unfinished(both.into.data_dir));
    } catch (const crash&) {
    }
    storage::set_file_step_hook(nullptr);
    auto mark = storage::unfinished_text(both.into.data_dir);
    if (mark) {
      CHECK_FALSE(is_done);
      CHECK(mark == text);
    } else { // the last step but one takes it away
      CHECK(both.check().verdict == storage::verdict::ok);
    }
  }
  CHECK(crashes > 4);
}

TEST_CASE("A file is known by its first bytes", "[generation]") {
  succession sqlite(backend::sqlite);
  succession lmdb(backend::lmdb);
  CHECK(storage::backend_of_file(sqlite.kept()) == backend::sqlite);
  CHECK(storage::backend_of_file(lmdb.kept()) == backend::lmdb);
  tests::temp_dir dir;
  std::ofstream(dir / "other") << std::string(100, 'x');
  std::ofstream(dir / "short") << "SQLite";
  for (const char* name : {"other", "short", "none"})
    CHECK_FALSE(storage::backend_of_file(dir / name));
}

TEST_CASE("A stopped node's state is copied with its WAL, and nothing is made beside it",
          "[generation]") {
  auto kind = GENERATE(backend::sqlite, backend::lmdb);
  succession both(kind);
  auto expected = both.former.state->meta();
  both.former.close();
  std::filesystem::remove(both.former.state_path() + "-shm");
  auto copied =
      storage::copy_state_file(both.former.paths(), storage::file_use::stopped, both.copy(), {});
  REQUIRE(copied);
  CHECK(copied->meta == expected);
  CHECK(copied->rows == 5);
  CHECK_FALSE(std::filesystem::exists(both.former.state_path() + "-shm"));
  auto checked = storage::check_state_file(kind, both.copy(), [] { return true; });
  REQUIRE(checked);
  CHECK(checked->meta == expected);
  CHECK(checked->rows == copied->rows);
}
